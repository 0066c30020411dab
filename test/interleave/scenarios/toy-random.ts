// Cold. Runs on: every thread of the explorer.
// Three threads with random programs, and all that can come of them: words, what each call returned, who sleeps and who has ended.
// The variant is a seed, and perhaps
//   …+timeouts   waits may time out
//   …+ends       the first thread may end at any step
//   …+told       likewise, and the others may read of it
//   …+stores     likewise, its plain stores are steps

import { Random } from '../../../src/runtime/random.js';
import { onePage, type Scenario, type ScenarioFactory, type Shared, spin, viewsOf, wordsOf } from '../scenario.js';

const NAMES = ['a', 'b', 'c'];
const OPS_MAX = 4;
const WORDS = 3; // the first ones are for all
const FLAGS = 8; // by thread: what it has published is there
const PUBLISHED = 16; // by thread, plain
const EXITS = 24;
const LOGS = 64; // by thread: how many, and what calls have returned
const LOG_WORDS = 32;

type Op = (words: Int32Array, plain: Int32Array, log: (value: number) => void) => void;

/** Of the explorations in this process. */
export const outcomes = new Set<string>();

function programOf(random: Random, me: number, told: boolean): Op[] {
  return Array.from({ length: 1 + random.below(OPS_MAX) }, () => opOf(random, me, told));
}

function opOf(random: Random, me: number, told: boolean): Op {
  const at = random.below(WORDS);
  const value = random.below(3);
  const other = (me + 1 + random.below(2)) % NAMES.length;
  const limit = random.below(2) === 0 ? undefined : 5;
  const count = 1 + random.below(2);
  const ops: Op[] = [
    (words, _plain, log) => log(Atomics.load(words, at)),
    (words) => Atomics.store(words, at, value),
    (words, _plain, log) => log(Atomics.add(words, at, value)),
    (words) => Atomics.or(words, at, value),
    (words, _plain, log) => log(Atomics.compareExchange(words, at, value, value + 1)),
    (words) => Atomics.load(words, at) === value && Atomics.store(words, (at + 1) % WORDS, 1),
    (words, _plain, log) => log(Atomics.wait(words, at, value, limit) === 'ok' ? 1 : 0),
    (words, _plain, log) => log(Atomics.notify(words, at, count)),
    (words, plain) => {
      if (plain[FLAGS + me] === 1) return;
      plain[PUBLISHED + me] = 1 + plain[LOGS + me * LOG_WORDS + plain[LOGS + me * LOG_WORDS]!]!;
      Atomics.store(words, FLAGS + me, 1);
    },
    (words, plain, log) => Atomics.load(words, FLAGS + other) === 1 && log(plain[PUBLISHED + other]!),
    (words) => {
      for (let turn = 0; turn < 2 && Atomics.load(words, at) === 0; turn += 1) spin();
    },
    (words, _plain, log) => told && log(Atomics.load(words, EXITS)),
  ];
  return ops[random.below(ops.length)]!;
}

function bodyOf(ops: readonly Op[], me: number, shared: Shared): () => void {
  const views = viewsOf(shared.memory.buffer);
  const first = LOGS + me * LOG_WORDS;
  const log = (value: number) => {
    const count = views.words[first]! + 1;
    views.words[first + count] = value;
    views.words[first] = count;
  };
  return () => {
    for (const op of ops) op(views.words, views.words, log);
  };
}

const factory: ScenarioFactory = (_root, variant) => {
  const [seed, how = ''] = variant.split('+');
  const random = new Random(Number(seed));
  const told = how === 'told';
  const ends = told || how === 'ends' || how === 'stores';
  const programs = NAMES.map((_, me) => programOf(random, me, told));
  let sleepers: readonly string[] = [];
  const scenario: Scenario = {
    threads: NAMES,
    races: true,
    timeouts: how === 'timeouts',
    storeSteps: how === 'stores',
    ...(ends ? { ends: { threads: ['a'], ...(told ? { word: EXITS * 4 } : {}) } } : {}),
    create: onePage,
    reset: () => {
      sleepers = [];
    },
    thread: (me, shared) => bodyOf(programs[me]!, me, shared),
    rest(_shared, asleep) {
      sleepers = asleep;
      return null;
    },
    check(shared, ended) {
      outcomes.add(`${wordsOf(shared).slice(0, LOGS + 3 * LOG_WORDS)} asleep=${sleepers} ended=${ended}`);
      return null;
    },
  };
  return scenario;
};

export default factory;
