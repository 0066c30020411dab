// Cold. Runs on: main; starts real threads.
// What console.log and JSON.stringify make of a host and what belongs to it: what its user asks for, and nothing of what it is made of.

import { inspect } from 'node:util';
import t from 'tap';
import { SYSCTL_NAMES } from '../../src/napi/sysctl.js';
import { endsWithin, FILE_MS, start } from './machine.js';

t.setTimeout(FILE_MS);

const PACKETS = 1000;
const END_MS = 20_000;
const CPUS = [
  { id: 0, state: 'online' },
  { id: 1, state: 'online' },
];

t.test('a host, its CPUs, NAPI instances and sysctls are shown in a few lines', async (t) => {
  const host = await start({ device: 'pktgen', packets: PACKETS, cpus: 2, queues: 2, attachments: 1 });
  t.equal(inspect(host.cpu(1)), "HostCpu { id: 1, state: 'online' }");
  t.same(JSON.parse(JSON.stringify(host.cpus)), CPUS);
  t.match(inspect(host), /^Host \{\n {2}state: '(running|draining|ended)',\n {2}device: 'pktgen',/);
  const handle = host.attach({ capabilities: ['CAP_NET_ADMIN'] });
  t.equal(inspect(handle), "AttachHandle { name: 'attached0', capabilities: [ 'CAP_NET_ADMIN' ] }");
  t.match(
    Object.keys(structuredClone({ ...handle, machine: null })),
    ['machine', 'name'],
    'it can be sent all the same',
  );
  await endsWithin(host, END_MS);
  const told = { state: 'ended', device: 'pktgen', mode: 'napi', cpus: CPUS, offered: PACKETS, delivered: PACKETS };
  t.same(JSON.parse(JSON.stringify(host)), { ...told, dropped: 0 });
  t.match(inspect(host.napi), /^NapiControl \[\n {2}\{\n {4}id: \d+,\n {4}device: 'nic0',\n {4}queue: 1,/);
  t.same(JSON.parse(JSON.stringify(host.napi)), host.napi.list());
  t.same(Object.keys(JSON.parse(JSON.stringify(host.sysctl))), SYSCTL_NAMES);
  t.match(inspect(host.sysctl), /^SysctlControl \{\n {2}'net.core.netdev_budget': 300,/);
});

t.test('as deep as inspect() is asked for', async (t) => {
  const host = await start({ device: 'pktgen', packets: PACKETS, cpus: 2 });
  t.equal(inspect([[host]], { depth: 1 }), '[ [ [Host] ] ]');
  t.match(inspect(host, { depth: 0 }), /cpus: \[Array\]/);
  t.match(inspect({ a: { b: { c: host } } }, { depth: null }), /HostCpu \{ id: 0, state: 'online' \}/);
  for (const each of [host, host.napi, host.sysctl, host.cpus]) {
    t.notMatch(inspect(each, { depth: null }), /Array\(|Memory|SharedArrayBuffer/, 'no memory');
  }
  await endsWithin(host, END_MS);
});
