// Cold. Runs on: main.
// napi_enable of an instance that is enabled, while somebody polls it: refused, and who polls keeps it.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { EnableQueue } from '../../src/coordinator/queue-napi.js';

const CPU = 1;

t.test('enabling takes SCHED from nobody', async (t) => {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const { device, states, lines } = createMachine(plan, 64, 'latch', compileBursts());
  const [state, line] = [states[0]!, lines[0]!];
  const enable = new EnableQueue({ device, state, line, contexts: [] });
  const refused = { name: 'NapiError', message: /^napi_enable: it is not disabled/ };
  t.throws(() => enable.begin(), refused, 'idle');
  t.ok(state.schedulePrep(CPU));
  t.throws(() => enable.begin(), refused, 'polled');
  t.equal(state.holder(), CPU);
});
