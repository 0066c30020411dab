// Cold. Runs on: every thread of the explorer.
//   plain    two threads come, one initialises
//   dies     the first of them dies, wherever, and a third tells
//   throws   the first that does throws, and the other tries again

import { bufferOf, onePage, type ScenarioFactory, wordsOf } from '../scenario.js';
import { MORTAL_ENDS, mortal, tell } from '../world/herald.js';
import { load } from '../world/parts.js';

const STATE = 0;
const BEGUN = 32; // initialisations begun
const READY = 33; // what they leave
const NAMES: Record<number, string> = { [STATE]: 'STATE', [BEGUN]: 'BEGUN' };
const NO_LIMIT_MS = 1e9;

class OnPurpose extends Error {}

const once: ScenarioFactory = async (root, variant) => {
  const { Once } = await load<typeof import('../../../src/memory/sync/once.js')>(root, 'memory/sync/once.js');
  const dies = variant === 'dies';
  return {
    threads: dies ? ['mortal', 'b', 'herald'] : ['a', 'b'],
    ends: dies ? MORTAL_ENDS : undefined,
    create: onePage,
    reset: () => undefined,
    label: (address) => NAMES[address / 4],
    thread(index, shared) {
      const words = wordsOf(shared);
      const once = new Once(bufferOf(shared), STATE);
      const initialise = () => {
        const isFirst = Atomics.add(words, BEGUN, 1) === 0;
        if (variant === 'throws' && isFirst) throw new OnPurpose();
        words[READY] = dies ? 1 : words[READY]! + 1; // Who died may have been here.
      };
      const body = () => {
        try {
          once.run(initialise, NO_LIMIT_MS);
        } catch (error) {
          if (error instanceof OnPurpose) return;
          throw error;
        }
        if (words[READY] !== 1) throw new Error(`ready=${words[READY]} after once`);
      };
      if (!dies || index === 1) return body;
      return index === 0 ? mortal(words, body) : () => tell(words, [once]);
    },
    check(shared) {
      const ready = wordsOf(shared)[READY];
      return ready === 1 ? null : `ready=${ready} in the end`;
    },
  };
};

export default once;
