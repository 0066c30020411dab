// Cold. Runs on: main.
// What is set for one instance and for a whole device, and what of it persists.

import t from 'tap';
import type { SysfsName } from '../../src/napi/device.js';
import { simulate } from '../../src/testing.js';
import { bits, finds } from './drivers.js';

const TUNED = { deferHardIrqs: 2, groFlushTimeoutNs: 20_000, irqSuspendTimeoutNs: 1e6 };

t.test('M11: a write to sysfs overrides what was set for one, in instances and in configs', async (t) => {
  const m = simulate();
  const [a, b] = [m.napi('a', finds(0), { index: 0 }), m.napi('b', finds(0), { index: 1 })];
  a.tune(TUNED);
  b.tune(TUNED);
  b.disable();
  m.sysfs('eth0', 'gro_flush_timeout', 5000);
  m.sysfs('eth0', 'napi_defer_hard_irqs', 7);
  const expected = { ...TUNED, groFlushTimeoutNs: 5000, deferHardIrqs: 7 };
  t.same(a.tunables, expected);
  b.enable();
  t.same(b.tunables, expected);
});

t.test('M11: and the default of those that are added later; no other device', async (t) => {
  const m = simulate();
  const other = m.napi('other', finds(0), { device: 'eth1' });
  m.sysfs('eth0', 'gro_flush_timeout', 5000);
  t.equal(m.napi('a', finds(0)).tunables.groFlushTimeoutNs, 5000);
  t.equal(m.napi('b', finds(0), { index: 3 }).tunables.groFlushTimeoutNs, 5000);
  t.equal(other.tunables.groFlushTimeoutNs, 0);
});

t.test('M11: threaded, too, also for one that is not there now', async (t) => {
  const m = simulate();
  const [a] = [m.napi('a', finds(0), { index: 0 }), m.napi('b', finds(0), { index: 1 })];
  a.disable();
  a.del();
  m.sysfs('eth0', 'threaded', 1);
  a.add();
  a.enable();
  t.equal(bits(a), 'THREADED');
});

t.test('M13: napi_defer_hard_irqs over 2147483647, and what is no number', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  for (const [file, value, code] of [
    ['napi_defer_hard_irqs', 2147483648, 'ERANGE'],
    ['napi_defer_hard_irqs', -1, 'EINVAL'],
    ['napi_defer_hard_irqs', 1.5, 'EINVAL'],
    ['gro_flush_timeout', -1, 'EINVAL'],
    ['gro_flush_timeout', Number.NaN, 'EINVAL'],
  ] as [SysfsName, number, string][]) {
    t.throws(() => m.sysfs('eth0', file, value), { code }, `${file} ${value}`);
  }
  t.match(a.tunables, { deferHardIrqs: 0, groFlushTimeoutNs: 0 });
  m.sysfs('eth0', 'napi_defer_hard_irqs', 2147483647);
  t.equal(a.tunables.deferHardIrqs, 2147483647);
});

t.test('with an index, id and tunables persist through disable and enable, delete and add', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  const { napiId } = a;
  a.tune(TUNED);
  a.setThreaded('enabled');
  for (const deleted of [false, true]) {
    a.disable();
    t.equal(a.napiId, 0, 'found by none');
    if (deleted) {
      a.del();
      a.add();
    }
    a.enable();
    t.same([a.napiId, a.tunables, bits(a)], [napiId, TUNED, 'THREADED']);
  }
});

t.test('the name of a thread that was made anew has the id only if the instance had it', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  a.setThreaded('enabled');
  a.disable();
  t.equal(a.thread, 'napi/eth0-2', 'lives on while it is disabled');
  a.del();
  t.equal(a.thread, null);
  a.add();
  t.equal(a.thread, 'napi/eth0-0');
});

t.test('deleted and added: between add and enable the device’s defaults hold', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  a.tune(TUNED);
  a.disable();
  a.del();
  a.add();
  t.same(a.tunables, { deferHardIrqs: 0, groFlushTimeoutNs: 0, irqSuspendTimeoutNs: 0 });
});

t.test('without an index: a fresh id, the tunables that it has, and the device’s threaded mode', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  const { napiId } = a;
  a.tune(TUNED);
  a.setThreaded('enabled');
  a.disable();
  a.enable();
  t.not(a.napiId, napiId);
  t.same([a.tunables, bits(a)], [TUNED, ''], 'the device is not threaded');
  m.sysfs('eth0', 'threaded', 1);
  a.disable();
  a.enable();
  t.equal(bits(a), 'THREADED');
});

t.test('what is set while it is disabled', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  a.disable();
  a.setThreaded('busy-poll');
  a.enable();
  t.equal(bits(a), 'THREADED|THREADED_BUSY_POLL');
  m.sysfs('eth0', 'threaded', 0);
  a.disable();
  a.enable();
  t.same([bits(a), a.thread], ['', null]);
});

t.test('a sysctl is in force with the next net_rx_action', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    if (napi.polls === 1) m.sysctls.set('net.core.netdev_budget', 64);
    return budget;
  });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.timeSqueeze], [10, 9], 'not with the one that runs');
});

t.test('sysctls: the kernel’s defaults and refusals', async (t) => {
  const { sysctls } = simulate({ hz: 250 });
  const name = 'net.core.netdev_budget_usecs';
  t.equal(sysctls.get(name), 8000);
  t.throws(() => sysctls.set(name, 7999), { code: 'EINVAL', message: /must be an integer from 8000 to/ });
  sysctls.set('net.core.netdev_budget', -1); // no range check
  for (const [key, value] of [
    ['net.core.dev_weight', 0],
    ['net.core.dev_weight_rx_bias', 0],
    ['net.core.netdev_max_backlog', 1001],
    ['net.core.netdev_budget', 1.5],
  ] as const) {
    const before = sysctls.get(key);
    t.throws(() => sysctls.set(key, value), { code: 'EINVAL' });
    t.equal(sysctls.get(key), before);
  }
  t.throws(() => sysctls.get('toString' as never), { code: 'ENOENT' });
});
