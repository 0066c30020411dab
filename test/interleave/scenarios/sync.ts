// Cold. Runs on: every thread of the explorer.
//   barrier    three threads meet; `barrier-2`: two threads, twice; `barrier-broken`: one never comes, another breaks it up
//   once       two threads, one initialises; `once-throws`: the first that does throws, and the other tries again

import { onePage, type Scenario, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const PRIMITIVE = 0;
const COUNT = 32; // arrivals, or initialisations begun
const READY = 33; // once: what the initialiser leaves
const NO_LIMIT_MS = 1e9;

const sync: ScenarioFactory = async (root, variant) => {
  const { Barrier, Once } = await load<typeof import('../../../src/memory/sync.js')>(root, 'memory/sync.js');
  const { viewsOf } = await load<typeof import('../../../src/memory/views.js')>(root, 'memory/views.js');

  function meeting(threads: string[], rounds: number): Partial<Scenario> {
    return {
      threads,
      thread(_index, shared) {
        const words = wordsOf(shared);
        const barrier = new Barrier(viewsOf(shared.memory.buffer), PRIMITIVE, threads.length);
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

  function breaking(): Partial<Scenario> {
    return {
      threads: ['early', 'breaker'],
      thread(index, shared) {
        const barrier = new Barrier(viewsOf(shared.memory.buffer), PRIMITIVE, 3);
        // Whoever comes after the end waits in vain: main asks it to leave by another way.
        if (index === 1) return () => barrier.breakUp();
        return () => barrier.wait(NO_LIMIT_MS);
      },
      rest: (shared) => (wordsOf(shared)[1] === 1 ? null : 'asleep'),
    };
  }

  function initialising(throws: boolean): Partial<Scenario> {
    return {
      threads: ['a', 'b'],
      thread(_index, shared) {
        const words = wordsOf(shared);
        const once = new Once(viewsOf(shared.memory.buffer), PRIMITIVE);
        const initialise = () => {
          const first = Atomics.add(words, COUNT, 1) === 0;
          if (throws && first) throw new Error('on purpose');
          words[READY]!++;
        };
        return () => {
          try {
            once.run(initialise, NO_LIMIT_MS);
          } catch (error) {
            if (!(error instanceof Error && error.message === 'on purpose')) throw error;
            return;
          }
          if (words[READY] !== 1) throw new Error(`ready=${words[READY]} after once`);
        };
      },
      check: (shared) => expect(wordsOf(shared)[READY]!, 1),
    };
  }

  const variants: Record<string, () => Partial<Scenario>> = {
    barrier: () => meeting(['a', 'b', 'c'], 1),
    'barrier-2': () => meeting(['a', 'b'], 2),
    'barrier-broken': breaking,
    once: () => initialising(false),
    'once-throws': () => initialising(true),
  };
  return { ...base, ...variants[variant]!() } as Scenario;
};

const base: Partial<Scenario> = {
  create: onePage,
  reset: () => undefined,
  label: (address) => ({ 0: variantWord(0), 4: variantWord(1), [COUNT * 4]: 'COUNT' })[address],
  check: (_shared: Shared) => null,
};

function variantWord(word: number): string {
  return ['ARRIVED', 'ROUND'][word]!;
}

function expect(found: number, wanted: number): string | null {
  return found === wanted ? null : `ready=${found}, not ${wanted}`;
}

export default sync;
