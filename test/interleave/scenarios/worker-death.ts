// Cold. Runs on: every thread of the explorer.
// A CPU that schedules a NAPI's worker may end at any step; main takes over for it, and another CPU goes on.

import type { Scenario, ScenarioFactory, Shared } from '../scenario.js';
import { spin } from '../scenario.js';
import { cpuLoop, nicOf, workerLoop } from '../world/agents.js';
import { labelsOf, quiescentOf } from '../world/labels.js';
import { load, loadParts } from '../world/parts.js';
import { World } from '../world/world.js';

const LISTED = 1 << 4;
const THREADED = 1 << 8;
const SIZE = { cpus: 2, frames: [20], buffers: 32, posted: 32, weight: 1, burst: 1, worker: true } as const;

const scenarioOf: ScenarioFactory = async (root) => {
  const world = new World(await loadParts(root), { ...SIZE, flow: 'latch' });
  const { CpuDead } = await load<typeof import('../../../src/coordinator/cpu-dead.js')>(
    root,
    'coordinator/cpu-dead.js',
  );
  const { NAPI_BITS } = await load<typeof import('../../../src/napi/bits.js')>(root, 'napi/bits.js');
  const { STOP } = await load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js');
  const { plan, parts } = world;
  const context = plan.pollers[0]!.cpu;
  const exits = plan.workSpeed; // a word that nobody uses here
  const stateOf = (shared: Shared) => parts.napiState(world.views(shared), plan.cpus[0]!.napis, 0);
  const scenario: Scenario = {
    threads: ['heir', 'cpu0', 'worker'],
    ends: { threads: ['cpu0'], word: exits },
    races: true,
    alone: quiescentOf(world),
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      const state = stateOf(shared);
      state.worker = context;
      state.set(NAPI_BITS.THREADED);
      nicOf(world, shared, 0, 1).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      if (index === 1) return cpuLoop(world, shared, 0);
      if (index === 2) return workerLoop(world, shared);
      const dead = new CpuDead(world.views(shared), plan);
      const loop = cpuLoop(world, shared, 1);
      const words = new parts.ContextWords(world.views(shared), plan.cpuContexts[0]!);
      return () => {
        words.ask(STOP);
        while (Atomics.load(world.views(shared).words, exits / 4) === 0) spin();
        dead.takeOver(0, [1], true);
        loop();
      };
    },
    check(shared) {
      const state = stateOf(shared).load() & ~NAPI_BITS.MISSED;
      return state === (LISTED | THREADED) ? null : `state=${state.toString(16)} at rest`;
    },
    rest: () => null,
  };
  return scenario;
};

export default scenarioOf;
