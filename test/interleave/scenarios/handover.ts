// Cold. Runs on: every thread of the explorer.
// A NAPI goes from one CPU to another by MoveLine while packets come and both CPUs are on their loops.
//   nic-first, nic-middle, nic-last   the NIC's thread moves the line before, between and after what it publishes
//   main                              packets are there and announced; main moves the line
//   there-and-back                    … and moves it back
//   settled                           … and once the move is complete, the old CPU may not poll any more

import { type Scenario, type ScenarioFactory, type Shared, spin } from '../scenario.js';
import { loadParts } from '../world/parts.js';
import { World, type WorldOptions } from '../world/world.js';

const COMMON = { cpus: 2, weight: 2, buffers: 32, posted: 32 } as const;
const DOUBLE = 2048 + 20; // two descriptors
const FRAMES = [20, DOUBLE, 20, 20];
const NEVER = -1;

/** How many bursts the NIC's thread publishes before it moves the line. */
const MOVES_AFTER: Record<string, number> = { 'nic-first': 0, 'nic-middle': 1, 'nic-last': 2, main: NEVER, 'there-and-back': NEVER, settled: NEVER };

const handover: ScenarioFactory = async (root, variant) => {
  const [name = '', flow = 'latch', laws] = variant.split('+');
  const parts = await loadParts(root);
  const movesAfter = MOVES_AFTER[name]!;
  const burst = movesAfter === NEVER ? FRAMES.length : FRAMES.length / 2;
  const options: WorldOptions = { ...COMMON, flow: flow as 'latch' | 'nolatch', frames: FRAMES, burst };
  const world = new World(parts, options);
  const targets = name === 'there-and-back' ? [1, 0] : [1];
  let me = -1;

  function publishing(shared: Shared): () => void {
    const nic = world.nic(shared);
    const move = world.moveLine(shared, 1);
    return () => {
      for (let bursts = 0; bursts < FRAMES.length / burst; bursts++) {
        if (bursts === movesAfter) move.begin();
        nic.doWork();
      }
      if (movesAfter * burst === FRAMES.length) move.begin();
    };
  }

  const scenario: Scenario = {
    threads: [movesAfter === NEVER ? 'main' : 'nic', 'cpu0', 'cpu1'],
    plainSteps: false, // the plain words belong to the SCHED holder, which the guard in World asserts
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      if (movesAfter === NEVER) world.nic(shared).doWork();
    },
    label: (address) => world.label(address),
    thread(index, shared) {
      me = index - 1;
      if (index > 0) return world.cpuLoop(shared, me);
      if (movesAfter !== NEVER) return publishing(shared);
      const moves = targets.map((cpu) => world.moveLine(shared, cpu));
      return () => {
        for (const move of moves) move.begin();
        if (name !== 'settled') return;
        while (!moves[0]!.step()) spin();
        world.retire(shared, 0);
      };
    },
    check: (shared) => world.settled(shared, targets.at(-1)!),
    rest: () => null,
  };
  return laws === undefined ? scenario : { ...scenario, always: (shared) => world.lawful(shared, me) };
};

export default handover;
