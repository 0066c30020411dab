// Cold. Runs on: main.
// Who may change NAPI instances, and what is said to who may not.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { HostNapi } from '../../src/coordinator/napi-control.js';
import { makePlan } from '../../src/coordinator/plan.js';

t.test('without CAP_NET_ADMIN one may look, and change nothing', async (t) => {
  const plan = makePlan({ cpus: 1, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, 'latch', compileBursts());
  const napi = new HostNapi(machine, [], () => t.fail('nothing is carried out') as never, false);
  const [{ id } = { id: 0 }] = napi.list();
  t.match(napi.get(id), { id, threaded: 'disabled', enabled: true });
  const refused = { code: 'EPERM', message: /: needs CAP_NET_ADMIN \(EPERM\)$/ };
  await t.rejects(napi.set(id, { threaded: 'enabled' }), refused);
  await t.rejects(napi.write('threaded', 1), refused);
  await t.rejects(napi.disable(id), refused);
  await t.rejects(napi.enable(id), refused);
});
