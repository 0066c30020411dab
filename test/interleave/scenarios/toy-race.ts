// Cold. Runs on: every thread of the explorer.
// Plain words and what orders them, or does not.
//   message       data, then a flag by store and load
//   plain-flag    the flag is a plain word
//   early         the flag, then the data
//   mixed         a word that one reads plainly and the other changes by Atomics
//   counter       each adds to a counter of its own; both are read at the end by whoever comes last
//   bell          data, then a notify
//   asleep        data, then a wait; the other reads when its notify has woken somebody
//   unsigned      published by a compareExchange from -1, written as 0xffffffff
//   failed        a compareExchange that fails is a load: it publishes nothing
//   bytes, fill, set, subarray   by these accesses; the reader does not look at the flag

import { onePage, type ScenarioFactory, type Shared, viewsOf } from '../scenario.js';

const FLAG = 0;
const DATA = 1;
const COUNTERS = 2;
const NAMES = ['FLAG', 'DATA', 'COUNTER0', 'COUNTER1'];
type Views = ReturnType<typeof viewsOf>;
type Body = (views: Views, me: number) => unknown;

const publish: Body = ({ words }) => {
  words[DATA] = 42;
  Atomics.store(words, FLAG, 1);
};
const receive: Body = ({ words }) => Atomics.load(words, FLAG) === 1 && words[DATA];
const look: Body = ({ words }) => words[DATA];

const count: Body = ({ words }, me) => {
  words[COUNTERS + me] = words[COUNTERS + me]! + 1;
  if (Atomics.add(words, FLAG, 1) === 1) return words[COUNTERS]! + words[COUNTERS + 1]!;
  return 0;
};

/** Sender and receiver. */
const BODIES: Record<string, readonly [Body, Body]> = {
  message: [publish, receive],
  'plain-flag': [
    ({ words }) => {
      words[DATA] = 42;
      words[FLAG] = 1;
    },
    receive,
  ],
  early: [
    ({ words }) => {
      Atomics.store(words, FLAG, 1);
      words[DATA] = 42;
    },
    receive,
  ],
  mixed: [({ words }) => Atomics.add(words, DATA, 1), look],
  counter: [count, count],
  bell: [
    ({ words }) => {
      words[DATA] = 42;
      Atomics.notify(words, FLAG, 1);
    },
    ({ words }) => Atomics.wait(words, FLAG, 0) === 'ok' && words[DATA],
  ],
  asleep: [
    ({ words }) => {
      words[DATA] = 42;
      Atomics.wait(words, FLAG, 0);
    },
    ({ words }) => Atomics.notify(words, FLAG, 1) === 1 && words[DATA],
  ],
  unsigned: [
    ({ words }) => {
      Atomics.store(words, FLAG, -1);
      words[DATA] = 42;
      Atomics.compareExchange(words, FLAG, 0xffffffff, 1);
    },
    receive,
  ],
  failed: [
    ({ words }) => {
      words[DATA] = 42;
      Atomics.compareExchange(words, FLAG, 7, 1);
    },
    ({ words }) => Atomics.load(words, FLAG) === 0 && words[DATA],
  ],
  bytes: [({ bytes }) => (bytes[DATA * 4 + 3] = 1), look],
  fill: [({ words }) => words.fill(1, DATA, DATA + 1), look],
  set: [({ words }) => words.set([1], DATA), look],
  subarray: [({ words }) => (words.subarray(DATA, DATA + 1)[0] = 1), look],
};

const race: ScenarioFactory = (_root, variant) => ({
  threads: ['sender', 'receiver'],
  races: true,
  create: onePage,
  reset: () => undefined,
  label: (address) => NAMES[address / 4],
  thread(index, shared: Shared) {
    const views = viewsOf(shared.memory.buffer);
    return () => void BODIES[variant]![index]!(views, index);
  },
  check: () => null,
  rest: () => null,
});

export default race;
