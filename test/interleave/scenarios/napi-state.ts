// Cold. Runs on: every thread of the explorer.
// The state word alone: every context brings work and schedules; whoever thereby holds SCHED polls until complete() lets it go.
// With the machine's lines a schedule never meets a holder (napi.ts); here it does. Variant `three`: three contexts, once each.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const STATE = 0;
const IDLE = 16; // LISTED
const WORK = 64; // pieces of work brought
const DONE = 80; // pieces that a poll has seen
const POLLER = 81; // 1 + the context that is polling
const NAMES: Record<number, string> = { [STATE]: 'STATE', [WORK]: 'WORK' };

const napiState: ScenarioFactory = async (root, variant) => {
  const { NapiState } = await load<typeof import('../../../src/napi/state.js')>(root, 'napi/state.js');
  const { viewsOf } = await load<typeof import('../../../src/memory/views.js')>(root, 'memory/views.js');
  const threads = variant === 'three' ? ['cpu0', 'cpu1', 'cpu2'] : ['cpu0', 'cpu1'];
  const rounds = variant === 'three' ? 1 : 2;
  return {
    threads,
    create: onePage,
    reset: (shared) => new NapiState(viewsOf(shared.memory.buffer), STATE).create(),
    label: (address) => NAMES[address / 4],
    thread(context, shared) {
      const words = wordsOf(shared);
      const state = new NapiState(viewsOf(shared.memory.buffer), STATE);
      const poll = () => {
        if (words[POLLER] !== 0) throw new Error(`context ${context} polls, and so does ${words[POLLER]! - 1}`);
        words[POLLER] = context + 1;
        words[DONE] = Atomics.load(words, WORK);
        words[POLLER] = 0;
      };
      return () => {
        for (let round = 0; round < rounds; round++) {
          Atomics.add(words, WORK, 1);
          if (!state.schedulePrep(context)) continue;
          do poll();
          while (!state.complete());
        }
      };
    },
    check(shared) {
      const words = wordsOf(shared);
      if (words[STATE] !== IDLE) return `state=${words[STATE]?.toString(16)}, not idle`;
      return words[DONE] === words[WORK] ? null : `done=${words[DONE]} of ${words[WORK]}`;
    },
  };
};

export default napiState;
