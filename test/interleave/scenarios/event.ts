// Cold. Runs on: every thread of the explorer.
// Something is brought twice, each time by another instance; who waits for it learns of the last, of what was brought, and by whom.
//   one   one waiter
//   two   two, each with its own view of the event

import { bufferOf, onePage, type ScenarioFactory, type Shared, spin, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const EVENT = 64; // byte offset
const BROUGHT = 64;
const LEARNED = 65; // and one for the second waiter: what it saw when it had learned of the last
const TIMES = 2;
const LABELS: Record<number, string> = {
  [EVENT]: 'COUNT',
  [EVENT + 4]: 'NAPI_ID',
  [EVENT + 12]: 'SLEEPING',
  [BROUGHT * 4]: 'BROUGHT',
};

const event: ScenarioFactory = async (root, variant) => {
  const { WaitEvent } = await load<typeof import('../../../src/napi/wait-event.js')>(root, 'napi/wait-event.js');
  const waiters = variant === 'two' ? ['first', 'second'] : ['first'];

  function bring(shared: Shared): void {
    const event = new WaitEvent(bufferOf(shared), EVENT);
    for (let time = 1; time <= TIMES; time += 1) {
      Atomics.store(wordsOf(shared), BROUGHT, time);
      event.signal(time);
    }
  }

  return {
    threads: ['producer', ...waiters],
    create: onePage,
    reset: () => undefined,
    plainSteps: false,
    label: (address: number) => LABELS[address],
    thread(index, shared) {
      if (index === 0) return () => bring(shared);
      const event = new WaitEvent(bufferOf(shared), EVENT);
      return () => {
        for (let id = 0; id !== TIMES; ) {
          if (event.isReady()) id = event.take();
          else spin();
        }
        wordsOf(shared)[LEARNED + index - 1] = Atomics.load(wordsOf(shared), BROUGHT);
      };
    },
    check(shared) {
      const learned = waiters.map((_, index) => wordsOf(shared)[LEARNED + index]);
      return learned.every((brought) => brought === TIMES) ? null : `learned=${learned}, not ${TIMES}`;
    },
  };
};

export default event;
