// Cold. Runs on: every thread of the explorer.
//   three    three threads meet
//   twice    two threads meet, and meet again
//   broken   one waits for two who never come, and another breaks the barrier up

import { bufferOf, onePage, type Scenario, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const ARRIVED = 0;
const ROUND = 1;
const NAMES = ['ARRIVED', 'ROUND'];
const COUNT = 32; // arrivals
const NO_LIMIT_MS = 1e9;

const barrier: ScenarioFactory = async (root, variant) => {
  const { Barrier } = await load<typeof import('../../../src/memory/sync/barrier.js')>(root, 'memory/sync/barrier.js');
  const attach = (shared: Shared, parties: number) => new Barrier(bufferOf(shared), ARRIVED, parties);
  const common = {
    create: onePage,
    reset: () => undefined,
    label: (address: number) => NAMES[address / 4],
    check: () => null,
  };

  function meeting(threads: string[], rounds: number): Scenario {
    return {
      ...common,
      threads,
      thread(_index, shared) {
        const words = wordsOf(shared);
        const barrier = attach(shared, threads.length);
        return () => {
          for (let round = 1; round <= rounds; round++) {
            words[COUNT]!++;
            barrier.wait(NO_LIMIT_MS);
            if (words[COUNT]! < round * threads.length) throw new Error(`let through by ${words[COUNT]} arrivals`);
          }
        };
      },
    };
  }

  const breaking: Scenario = {
    ...common,
    threads: ['waiter', 'breaker'],
    thread(index, shared) {
      const barrier = attach(shared, 3);
      return index === 0 ? () => barrier.wait(NO_LIMIT_MS) : () => barrier.breakUp();
    },
    // Who comes when all is over waits in vain, until main ends its thread.
    rest: (shared) => (wordsOf(shared)[ROUND] === 1 ? null : 'the barrier holds'),
  };

  if (variant === 'broken') return breaking;
  return variant === 'twice' ? meeting(['a', 'b'], 2) : meeting(['a', 'b', 'c'], 1);
};

export default barrier;
