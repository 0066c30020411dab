// Cold. Runs on: main.
// When a machine whose source has ended is through.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { Drain } from '../../src/coordinator/drain.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { napiState } from '../../src/cpu/build.js';

const RING = 64;
const ENDED = 1; // word of the NIC's state

t.test('interrupt mode: not while a backlog is held: what is on its way into another is in neither', async (t) => {
  const plan = makePlan({ cpus: 2, queues: 2, ring: RING, mode: 'interrupt', frames: 64 });
  const { views } = createMachine(plan, RING, 'level', compileBursts());
  const drain = new Drain(views, plan);
  t.notOk(drain.drained(), 'the source has not ended');
  views.words[plan.nic.state / 4 + ENDED] = 1;
  t.ok(drain.drained());
  const backlog = napiState(views, plan.cpus[0]!.napis, 2 + 1);
  backlog.scheduleBacklog(1);
  t.notOk(drain.drained());
  backlog.releaseBacklog();
  t.ok(drain.drained());
});
