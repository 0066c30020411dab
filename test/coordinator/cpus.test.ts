// Cold. Runs on: main.
// CPUs that come back: what the explorer's scenarios do not have.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { CpuDead } from '../../src/coordinator/cpu-dead.js';
import { Cpus, OnlineCpu } from '../../src/coordinator/cpus.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { CALL_SCHEDULE, Calls } from '../../src/irq/call.js';
import type { ContextWords } from '../../src/memory/context.js';

const RING = 64;
const LOST = 0;
const HEIR = 1;

t.test(
  'a CPU that was lost starts when nobody can hand it anything any more: not behind what it would be held by',
  async (t) => {
    const plan = makePlan({ cpus: 2, queues: 1, ring: RING, mode: 'napi', frames: 64 });
    const { views, states } = createMachine(plan, RING, 'latch', compileBursts());
    const dead = new CpuDead(views, plan);
    const cpus = new Cpus(2, dead);
    let turns = 0;
    const other = { quiescent: () => turns, asleep: () => false } as unknown as ContextWords;
    const started: number[] = [];
    const roles = { ask: () => {}, end: async () => {}, isUp: () => true, runsNow: () => true };
    cpus.lose(LOST, new Error('accident'));
    states[0]!.releaseBacklog(); // After an accident it was scheduled: it has been polled since.
    const start = (cpu: number) => void started.push(cpu);
    const online = new OnlineCpu({ cpus, dead, roles, contexts: [other], start, nowMs: () => 0 }, LOST);
    online.begin();
    t.notOk(online.step());
    t.same(started, [], 'the other has not turned');
    t.match(online.stuck('too long').message, /may still be handed/);
    // It had looked up the line's target before, and hands over only now.
    states[0]!.schedulePrep(LOST);
    new Calls(views, plan.cpus[0]!.irq).call(LOST, CALL_SCHEDULE, 0);
    turns += 1;
    t.ok(online.step());
    t.same(started, [LOST]);
    t.equal(states[0]!.holder(), HEIR, 'somebody who is called for it has it');
    t.equal(cpus.stateOf(LOST), 'online');
  },
);
