// Cold. Runs on: every thread of the explorer.
// Control operations against a CPU on its loop. A packet is there and announced when main begins; the next one comes when main is
// through.
//   on        the NAPI becomes threaded
//   off       its thread ends: the next packet is a softirq's
//   disable   it is disabled, the packet waits, and it is enabled again
//   …+latch, …+nolatch; …+races: plain accesses are checked

import { type Scenario, type ScenarioFactory, type Shared, spin } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { labelsOf, mailboxesOf } from '../world/labels.js';
import { enabledFor } from '../world/laws.js';
import { load, loadParts } from '../world/parts.js';
import { buffersOnce } from '../world/rest.js';
import { World } from '../world/world.js';

const SMALL = { cpus: 1, buffers: 32, posted: 32, weight: 1, frames: [20, 20], burst: 1 } as const;
const LISTED = 1 << 4;
const THREADED = 1 << 8;
/** Of an instance, in bytes: as src/napi/words.ts draws it. */
const NAPI_ID_AT = 24 * 4;
const NAPI_ID = 9;
/** Its id when main has been told that its thread has ended. */
const NO_THREAD_ID = 10;

const control: ScenarioFactory = async (root, variant) => {
  const [name = '', flow = 'latch', check] = variant.split('+');
  const world = new World(await loadParts(root), { ...SMALL, flow: flow as 'latch' | 'nolatch' });
  const threaded = await load<typeof import('../../../src/napi/threaded.js')>(root, 'napi/threaded.js');
  const life = await load<typeof import('../../../src/napi/control.js')>(root, 'napi/control.js');
  const queue = await load<typeof import('../../../src/coordinator/queue-napi.js')>(root, 'coordinator/queue-napi.js');
  const { NAPI_BITS } = await load<typeof import('../../../src/napi/bits.js')>(root, 'napi/bits.js');
  const stateOf = (shared: Shared) => world.parts.napiState(world.views(shared), world.plan.cpus[0]!.napis, 0);

  function switching(shared: Shared, mode: 'enabled' | 'disabled'): () => void {
    const state = stateOf(shared);
    const threads = new threaded.NapiThreads();
    if (mode === 'disabled') threads.ensure(state, 'nic0');
    const set = new threaded.NapiSetThreaded(state, 'nic0', mode, threads);
    return () => {
      set.begin();
      while (!set.step()) spin();
      if (mode === 'disabled') state.napiId = NO_THREAD_ID;
    };
  }

  /** @param meanwhile while it is disabled */
  function disabling(shared: Shared, meanwhile: () => void): () => void {
    const views = world.views(shared);
    const state = stateOf(shared);
    const ids = new life.NapiIds([state], 1);
    const device = {
      disable: () => new life.NapiDisable(state),
      enable: () => life.napiEnable(state, ids, false),
    };
    const contexts = world.plan.cpuContexts.map((address) => new world.parts.ContextWords(views, address));
    const needs = { device: device as never, state, line: world.line(shared), contexts };
    return () => {
      const disable = new queue.DisableQueue(needs);
      disable.begin();
      while (!disable.step()) spin();
      world.witness.leaving(world.notes(shared), 0, 0);
      meanwhile();
      world.witness.leaving(world.notes(shared), -1, 0);
      new queue.EnableQueue(needs).begin();
    };
  }

  const scenario: Scenario = {
    threads: ['main', 'cpu0'],
    races: check === 'races',
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    alone: mailboxesOf(world),
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      const state = stateOf(shared);
      state.napiId = NAPI_ID;
      if (name === 'off') state.set(NAPI_BITS.THREADED);
      nicOf(world, shared, 0, 1).doWork();
    },
    label: labelsOf(world),
    watched: [world.napiWord * 4, world.napiWord * 4 + NAPI_ID_AT],
    always(shared) {
      const state = stateOf(shared);
      const wrong = state.napiId === NO_THREAD_ID && (state.load() & NAPI_BITS.SCHED_THREADED) !== 0;
      return wrong ? 'the thread has ended, and is scheduled' : null;
    },
    thread(index, shared) {
      if (index === 1) return cpuLoop(world, shared, 0);
      const nic = nicOf(world, shared, 1);
      const next = () => void nic.doWork();
      if (name === 'disable') return disabling(shared, next);
      const switches = switching(shared, name === 'on' ? 'enabled' : 'disabled');
      return () => {
        switches();
        next();
      };
    },
    check(shared) {
      const { words } = world.views(shared);
      const state = stateOf(shared).load() & ~NAPI_BITS.MISSED;
      if (state !== (name === 'on' ? LISTED | THREADED : LISTED)) return `state=${state.toString(16)} at rest`;
      const line = words[world.lineWord]!;
      if (line !== enabledFor(world.options.flow, 0)) return `line=${line.toString(16)} at rest`;
      buffersOnce(world, shared);
      return world.witness.undelivered(world.notes(shared)) ?? softirqs(shared);
    },
    rest: () => null,
  };

  /** Who polls: a softirq the first packet at most, and the second if it comes before that one has let go (two, and one empty). */
  function softirqs(shared: Shared): string | null {
    const { CPU_COUNTERS, readCounters } = world.parts;
    const { NET_RX } = readCounters(world.views(shared), CPU_COUNTERS, world.plan.cpus[0]!.counters);
    if (name === 'on') return NET_RX <= 3 ? null : `a softirq polled ${NET_RX} times`;
    return NET_RX >= 1 ? null : 'no softirq has polled';
  }

  return scenario;
};

export default control;
