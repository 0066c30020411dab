// Cold. Runs on: main.
// A call that comes too late: the CPU that is called does not hold the instance any more, or has it in hand already.

import t from 'tap';
import { CALL_SCHEDULE } from '../../src/irq/call.js';
import { simulate } from '../../src/simulate/machine.js';

function machine() {
  const m = simulate({ cpus: 2 });
  const a = m.napi('a', (napi, budget) => {
    const work = Math.min(budget, left);
    left -= work;
    if (work < budget) napi.completeDone(work);
    return work;
  });
  let left = 0;
  const brings = (packets: number) => {
    left = packets;
  };
  const call = (cpu: number) => m.cpus[cpu]!.irq(() => m.cpus[cpu]!.core.calls[CALL_SCHEDULE]!(a.id));
  return { m, a, call, brings };
}

t.test('of an instance that another CPU holds: it stays there', async (t) => {
  const { m, a, call } = machine();
  const [cpu0, cpu1] = m.cpus;
  cpu1!.bhDisabled(() => {
    a.schedule();
    call(0);
    t.same([cpu0!.pollList, cpu1!.pollList], [[], ['a']]);
  });
  m.run();
  t.same([a.polls, a.state], [1, ['LISTED']]);
});

t.test('of an instance that is on this CPU’s list: the list stays as it is', async (t) => {
  const { m, a, call } = machine();
  const { cpu } = m;
  const b = m.napi('b', (napi) => {
    napi.completeDone(0);
    return 0;
  });
  cpu.bhDisabled(() => {
    a.schedule();
    b.schedule();
    call(0);
    t.same(cpu.pollList, ['a', 'b']);
  });
  t.same([a.polls, b.polls], [1, 1]);
});

t.test('of an instance that this CPU busy-polls: no softirq polls it beside', async (t) => {
  const { m, a, call, brings } = machine();
  brings(8);
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      call(0);
      return true;
    },
  });
  t.same([a.polls, a.state], [2, ['LISTED']], 'the loop’s, and its last one');
});
