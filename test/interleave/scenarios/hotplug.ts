// Cold. Runs on: every thread of the explorer.
// A CPU goes offline, by the real operation, while packets come; another, on its loop, has all of it afterwards.
//   interrupt   the NIC announces a packet at any moment
//   schedule    a packet is there and announced, and a context that is no CPU hands the instance to the CPU that its line targets
//   timer       a packet is there and announced; its poll leaves the line masked, and a timer armed, which the heir adopts
//   backlog     in interrupt mode (…+level): three packets are there and announced, and one comes when the CPU was asked to leave. It
//               may do so with one in its backlog: a turn of its loop takes two. The heir runs beside it
//   arrival     the same, but the NIC announces the last at any moment
//   …+latch, …+nolatch; …+races: plain accesses are checked; …+heir: likewise, and the heir runs beside all of it, on its loop (with a
//   timer it does anyhow); without, when all is over

import { type Scenario, type ScenarioFactory, type Shared, spin } from '../scenario.js';
import { cpuLoop, cpuOf, nicOf } from '../world/agents.js';
import { endedAddress, HEIR, hasEnded, MORTAL, mainsWords, remains } from '../world/heir.js';
import { labelsOf, mailboxesOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { unrest } from '../world/rest.js';
import { World } from '../world/world.js';

const SMALL = { cpus: 2, buffers: 32, posted: 32, weight: 1, burst: 1 } as const;
const TIMEOUT_NS = 1000;
/** A context that is no CPU. */
const POLLER = 3;
/** Beside the witness: 1 when it has handed over. */
const HANDED = 10;

const VARIANTS: Record<string, { readonly other: 'nic' | 'poller' | null; readonly before: number }> = {
  backlog: { other: null, before: 4 },
  arrival: { other: 'nic', before: 4 },
  interrupt: { other: 'nic', before: 0 },
  schedule: { other: 'poller', before: 1 },
  timer: { other: null, before: 1 },
};

const hotplug: ScenarioFactory = async (root, variant) => {
  const [name = '', flow = 'latch', how] = variant.split('+');
  const { other, before } = VARIANTS[name]!;
  const frames = Array(1 + before).fill(20);
  const level = flow === 'level';
  const besides = how === 'heir' || name === 'timer' || level;
  const world = new World(await loadParts(root), {
    ...SMALL,
    frames,
    flow: flow as 'latch' | 'nolatch' | 'level',
    needResched: level,
  });
  const { parts, plan } = world;
  const { CALL_SCHEDULE } = parts;
  const calls = name === 'schedule' ? [CALL_SCHEDULE] : [];
  const shares = { calls, backlogs: level, timers: name === 'timer' };
  const stateOf = (shared: Shared) => parts.napiState(world.views(shared), plan.cpus[0]!.napis, 0);

  /** host.cpu(0).offline(); then a packet comes, and what was handed over late is found. */
  function offline(shared: Shared): () => void {
    const { dead, context } = remains(world, shared);
    const cpus = new parts.Cpus(2, dead);
    const contexts = plan.cpuContexts.map((address) => new parts.ContextWords(world.views(shared), address));
    let up = true;
    const roles = {
      ask: () => context.ask(parts.STOP),
      isUp() {
        if (!up || !hasEnded(world, shared)) return up;
        context.end();
        up = false;
        return up;
      },
      end: async () => {},
      runsNow: () => false,
    };
    const needs = { cpus, dead, roles, contexts, start: () => {}, nowMs: () => performance.now() };
    const operation = new parts.OfflineCpu(needs, MORTAL);
    const nic = level ? null : nicOf(world, shared, before);
    return () => {
      operation.begin();
      if (name === 'backlog') nicOf(world, shared, before).doWork();
      while (!operation.step()) spin();
      if (before > 0) nic?.doWork();
      if (other === 'poller') for (; !handedOver(shared); cpus.sweep()) spin();
      cpus.sweep();
    };
  }

  /** It has polled its backlog once, so that dev_weight is in force; then the others came. */
  function cpuWithWeight(shared: Shared): () => void {
    const agent = cpuOf(world, shared, MORTAL);
    nicOf(world, shared, 0, 1).doWork();
    while (agent.doWork() > 0);
    const nic = nicOf(world, shared, 1, before - 1);
    for (let frame = 1; frame < before; frame += 1) nic.doWork();
    return cpuLoop(world, shared, MORTAL, agent);
  }

  /** As RemoteSoftnet does. */
  function handing(shared: Shared): () => void {
    const state = stateOf(shared);
    const line = world.line(shared);
    const calls = new parts.Calls(world.views(shared), plan.cpus[0]!.irq);
    return () => {
      if (state.schedulePrep(POLLER)) {
        const cpu = line.target();
        state.handOver(POLLER, cpu);
        calls.call(cpu, CALL_SCHEDULE, 0);
      }
      Atomics.store(world.notes(shared).words, world.notesWord + HANDED, 1);
    };
  }

  function handedOver(shared: Shared): boolean {
    return Atomics.load(world.notes(shared).words, world.notesWord + HANDED) !== 0;
  }

  const scenario: Scenario = {
    threads: [...(other === null ? [] : [other]), 'cpu0', ...(besides ? ['cpu1'] : []), 'main'],
    races: how !== undefined,
    ends: { threads: ['cpu0'], most: 0, word: endedAddress(world) },
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    alone: [...mailboxesOf(world, plan.cpuContexts), ...mainsWords(world, shares)],
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      if (!besides) new parts.ContextWords(world.views(shared), plan.cpuContexts[HEIR]!).end(); // It comes afterwards.
      const state = stateOf(shared);
      if (name === 'timer') {
        state.deferHardIrqs = 1;
        state.groFlushTimeoutNs = TIMEOUT_NS;
      }
      if (level) {
        world.sysctls(shared).set('net.core.netdev_budget', 1);
        world.sysctls(shared).set('net.core.dev_weight', 1);
      } else if (before > 0) nicOf(world, shared, 0, before).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      switch (scenario.threads[index]) {
        case 'cpu0':
          return level ? cpuWithWeight(shared) : cpuLoop(world, shared, MORTAL);
        case 'cpu1':
          return cpuLoop(world, shared, HEIR);
        case 'main':
          return offline(shared);
        case 'poller':
          return handing(shared);
        default: {
          const nic = level ? null : nicOf(world, shared, before);
          return () => void (nic ?? nicOf(world, shared, before)).doWork();
        }
      }
    },
    check(shared) {
      const state = stateOf(shared);
      const armed = state.timerCpu();
      if (armed === MORTAL) return 'a timer is armed on the CPU that is offline';
      // Its time comes: what has come since is polled, and when nothing comes any more the line is on.
      for (const nowNs of armed === HEIR ? [TIMEOUT_NS, 2 * TIMEOUT_NS] : [0]) {
        const heir = cpuOf(world, shared, HEIR, nowNs);
        while (heir.doWork() > 0);
      }
      return world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, HEIR);
    },
    rest: () => null,
  };
  return scenario;
};

export default hotplug;
