// Cold. Runs on: every thread of the explorer.
// A CPU is lost and comes back, by the real operations, while a context that is no CPU hands an instance to whom it has taken for its
// line's target: what comes late is the other CPU's, not the fresh thread's, whose words are made anew.

import type { Scenario, ScenarioFactory, Shared } from '../scenario.js';
import { spin } from '../scenario.js';
import { cpuLoop, cpuOf, nicOf } from '../world/agents.js';
import { HEIR, MORTAL, remains } from '../world/heir.js';
import { labelsOf, mailboxesOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { unrest } from '../world/rest.js';
import { NOTES } from '../world/witness.js';
import { World } from '../world/world.js';

/** Beside the witness: 1 when the CPU has a fresh thread. */
const STARTED = NOTES;
const SIZE = {
  cpus: 2,
  frames: [20],
  buffers: 32,
  posted: 32,
  weight: 1,
  burst: 1,
  worker: true,
  flow: 'latch',
} as const;

const online: ScenarioFactory = async (root) => {
  const world = new World(await loadParts(root), SIZE);
  const { parts, plan } = world;
  const { CALL_SCHEDULE } = parts;
  const poller = plan.pollers[0]!.cpu;
  const contextOf = (shared: Shared, address: number) => new parts.ContextWords(world.views(shared), address);
  const started = (shared: Shared) => Atomics.load(world.notes(shared).words, world.notesWord + STARTED) !== 0;

  /** host.cpu(0).online(), after its thread has died. */
  function comeBack(shared: Shared): () => void {
    const { dead, context } = remains(world, shared);
    const cpus = new parts.Cpus(2, dead);
    const contexts = [...plan.cpuContexts, ...plan.pollerContexts].map((address) => contextOf(shared, address));
    const roles = { ask: () => {}, isUp: () => true, end: async () => {}, runsNow: () => true };
    const start = () => {
      context.begin();
      Atomics.store(world.notes(shared).words, world.notesWord + STARTED, 1);
    };
    const operation = new parts.OnlineCpu({ cpus, dead, roles, contexts, start, nowMs: () => 0 }, MORTAL);
    return () => {
      cpus.lose(MORTAL, new Error('died'));
      operation.begin();
      while (!operation.step()) spin();
    };
  }

  /** As RemoteSoftnet does, in a call. */
  function handing(shared: Shared): () => void {
    const context = contextOf(shared, plan.pollerContexts[0]!);
    const state = parts.napiState(world.views(shared), plan.cpus[0]!.napis, 0);
    const line = world.line(shared);
    const calls = new parts.Calls(world.views(shared), plan.cpus[0]!.irq);
    return () => {
      context.enter();
      if (state.schedulePrep(poller)) {
        const cpu = line.target();
        state.handOver(poller, cpu);
        calls.call(cpu, CALL_SCHEDULE, 0);
      }
      context.end();
    };
  }

  const scenario: Scenario = {
    threads: ['poller', 'cpu0', 'main'],
    races: true,
    alone: mailboxesOf(world, plan.cpuContexts),
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      nicOf(world, shared).doWork();
      for (const address of [...plan.cpuContexts, ...plan.pollerContexts]) contextOf(shared, address).end();
    },
    label: labelsOf(world),
    thread(index, shared) {
      if (index === 0) return handing(shared);
      if (index === 2) return comeBack(shared);
      return () => {
        while (!started(shared)) spin();
        cpuLoop(world, shared, MORTAL)();
      };
    },
    check(shared) {
      const heir = cpuOf(world, shared, HEIR);
      while (heir.doWork() > 0);
      return world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, HEIR);
    },
    rest: () => null,
  };
  return scenario;
};

export default online;
