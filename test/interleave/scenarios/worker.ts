// Cold. Runs on: every thread of the explorer.
// A NAPI whose thread is a worker of its own: real agents, on their loops. No softirq may poll while it is threaded.
//   wait        a packet at a time, an interrupt each: the CPU schedules, the worker completes, unmasks and sleeps
//   scheduled   a packet is there and announced; another CPU schedules without any interrupt: MISSED, or SCHED for the worker
//   off         a packet is there and announced, and main stops the thread
//   …+latch, …+nolatch; …+races: plain accesses are checked

import type { Scenario, ScenarioFactory, Shared } from '../scenario.js';
import { spin } from '../scenario.js';
import { cpuLoop, nicOf, scheduler, workerLoop } from '../world/agents.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { enabledFor } from '../world/laws.js';
import { load, loadParts } from '../world/parts.js';
import { buffersOnce } from '../world/rest.js';
import { World } from '../world/world.js';

const SMALL = { buffers: 32, posted: 32, weight: 1, burst: 1, worker: true } as const;
const LISTED = 1 << 4;
const THREADED = 1 << 8;
/** Of an instance, in bytes: as src/napi/words.ts draws it. */
const NAPI_ID_AT = 24 * 4;
const NAPI_ID = 9;
/** Its id when main has been told that its thread has ended. */
const NO_THREAD_ID = 10;

const VARIANTS = {
  wait: { threads: ['nic', 'cpu0', 'worker'], cpus: 1, frames: [20, 20], before: 0 },
  scheduled: { threads: ['other', 'cpu0', 'worker'], cpus: 2, frames: [20], before: 1 },
  off: { threads: ['main', 'cpu0', 'worker'], cpus: 1, frames: [20], before: 1 },
} as const;

const worker: ScenarioFactory = async (root, variant) => {
  const [name = '', flow = 'latch', check] = variant.split('+');
  const { threads, before, ...size } = VARIANTS[name as keyof typeof VARIANTS];
  const world = new World(await loadParts(root), { ...SMALL, ...size, flow: flow as 'latch' | 'nolatch' });
  const { NapiSetThreaded, NapiThreads } = await load<typeof import('../../../src/napi/threaded.js')>(
    root,
    'napi/threaded.js',
  );
  const { NAPI_BITS } = await load<typeof import('../../../src/napi/bits.js')>(root, 'napi/bits.js');
  const { STOP } = await load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js');
  const { plan, parts } = world;
  const context = plan.pollers[0]!.cpu;
  const stateOf = (shared: Shared) => parts.napiState(world.views(shared), plan.cpus[0]!.napis, 0);
  const wordsOf = (shared: Shared) => new parts.ContextWords(world.views(shared), plan.pollerContexts[0]!);

  /** A worker that runs already, and says in DONE that it has left its loop. */
  function threadsOf(shared: Shared) {
    const words = wordsOf(shared);
    let asked = false;
    const threads = new NapiThreads();
    threads.provide({
      contextOf: () => context,
      start: () => {},
      isRunning: () => true,
      stop: () => {
        if (!asked) words.ask(STOP);
        asked = true;
        return words.done() === STOP;
      },
    });
    return threads;
  }

  function stopping(shared: Shared): () => void {
    const state = stateOf(shared);
    const threads = threadsOf(shared);
    threads.setWorker(state, true);
    threads.ensure(state, 'nic0');
    const set = new NapiSetThreaded(state, 'nic0', 'disabled', threads);
    return () => {
      set.begin();
      while (!set.step()) spin();
      state.napiId = NO_THREAD_ID;
    };
  }

  function first(shared: Shared): () => void {
    if (name === 'off') return stopping(shared);
    if (name === 'scheduled') return scheduler(world, shared, 1);
    const nic = nicOf(world, shared);
    return () => {
      for (const _ of size.frames) nic.doWork();
    };
  }

  const scenario: Scenario = {
    threads,
    races: check === 'races',
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    alone: [...mailboxesOf(world, name === 'off' ? plan.pollerContexts : []), ...quiescentOf(world)],
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      const state = stateOf(shared);
      state.napiId = NAPI_ID;
      state.worker = context;
      state.set(NAPI_BITS.THREADED);
      if (before > 0) nicOf(world, shared, 0, before).doWork();
    },
    label: labelsOf(world),
    watched: [world.napiWord * 4, world.napiWord * 4 + NAPI_ID_AT],
    always(shared) {
      const state = stateOf(shared);
      const wrong = state.napiId === NO_THREAD_ID && (state.load() & NAPI_BITS.SCHED_THREADED) !== 0;
      return wrong ? 'the thread has ended, and is scheduled' : null;
    },
    thread(index, shared) {
      if (index === 0) return first(shared);
      if (index === 1) return cpuLoop(world, shared, 0);
      const loop = workerLoop(world, shared);
      return () => {
        loop();
        wordsOf(shared).report(STOP);
      };
    },
    check(shared) {
      const { words } = world.views(shared);
      const state = stateOf(shared).load() & ~NAPI_BITS.MISSED;
      if (state !== (name === 'off' ? LISTED : LISTED | THREADED)) return `state=${state.toString(16)} at rest`;
      const line = words[world.lineWord]!;
      if (line !== enabledFor(world.options.flow, 0)) return `line=${line.toString(16)} at rest`;
      buffersOnce(world, shared);
      return world.witness.undelivered(world.notes(shared)) ?? softirqs(shared);
    },
    rest: () => null,
  };

  function softirqs(shared: Shared): string | null {
    const { CPU_COUNTERS, readCounters } = parts;
    const { NET_RX } = readCounters(world.views(shared), CPU_COUNTERS, plan.cpus[0]!.counters);
    return NET_RX === 0 || name === 'off' ? null : `a softirq polled ${NET_RX} times`;
  }

  return scenario;
};

export default worker;
