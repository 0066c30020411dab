// Cold. Runs on: every thread of the explorer.
// Main asks a thread that has nothing else to do: on its real loop, with the idle policy that puts it to sleep.
//   stop        the loop ends
//   end         END_SOURCE: the agent handles it and sleeps again
//   end-stop    one after the other: the first may be seen only as part of the second

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXT = 0;
const SLEEPS = 512;
const HANDLED = 512 / 4 + 16;
const NAMES: Record<number, string> = { 0: 'DOORBELL', 64: 'REQUEST', 128: 'DONE' };

const request: ScenarioFactory = async (root, variant) => {
  const { ContextWords, END_SOURCE, STOP } = await load<typeof import('../../../src/memory/context.js')>(
    root,
    'memory/context.js',
  );
  const { viewsOf } = await load<typeof import('../../../src/memory/views.js')>(root, 'memory/views.js');
  const { SpinThenSleep } = await load<typeof import('../../../src/runtime/idle.js')>(root, 'runtime/idle.js');
  const { runLoop } = await load<typeof import('../../../src/runtime/loop.js')>(root, 'runtime/loop.js');
  const { VirtualClock } = await load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js');
  const requests = { stop: [STOP], end: [END_SOURCE], 'end-stop': [END_SOURCE, STOP] }[variant]!;
  const stops = requests.includes(STOP);
  return {
    threads: ['main', 'cpu0'],
    create: onePage,
    reset: () => undefined,
    label: (address) => NAMES[address],
    thread(index, shared) {
      const views = viewsOf(shared.memory.buffer);
      const context = new ContextWords(views, CONTEXT);
      if (index === 0) {
        return () => {
          for (const request of requests) context.ask(request);
        };
      }
      const agent = {
        role: 'cpu0',
        doWork: () => 0,
        nextNs: () => Number.POSITIVE_INFINITY,
        workArrived: () => false,
        handle: (request: number) => {
          views.words[HANDLED] = request;
        },
      };
      const idle = new SpinThenSleep(views, CONTEXT, new VirtualClock(), false, SLEEPS);
      return () => runLoop(views, CONTEXT, agent, idle);
    },
    check(shared) {
      const handled = wordsOf(shared)[HANDLED];
      if (variant === 'end' && handled !== END_SOURCE) return `handled=${handled}`;
      return handled === STOP ? 'the agent was given STOP' : null;
    },
    // A deadlock while a request is open. To be asked to stop and to sleep is never fine.
    ...(!stops && { rest: () => null }),
  };
};

export default request;
