// Cold. Runs on: main; starts real threads.
// The largest flows of a run: every packet in one, whichever CPUs polled its queue; and what tshark finds in a capture.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { FLOW_BUCKETS } from '../../src/bursts/layout.js';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { FlowSnapshot, HostOptions, Snapshot } from '../../src/index.js';
import { largestFlows } from '../../src/net/flow-table.js';
import { dissect, NO_TSHARK } from '../tshark.js';
import { FIXTURE } from './fixture.js';
import { endsWithin, FILE_MS, run, start } from './machine.js';

const FLOWS = 1000;
const PACKETS_EACH = 300;
const MANY: HostOptions = { device: 'pktgen', flows: FLOWS, packets: FLOWS * PACKETS_EACH, topFlows: FLOWS };

t.setTimeout(FILE_MS);

function sum(flows: readonly FlowSnapshot[], of: 'packets' | 'bytes' | 'error'): number {
  return flows.reduce((sum, flow) => sum + flow[of], 0);
}

function topOf({ stack }: Snapshot) {
  if (stack.topFlows === null) throw new Error('flows were not counted');
  return stack.topFlows;
}

/** Moves the lines of queues 0 and 1 to and fro until the machine ends. @returns how often */
async function moveLines(host: RunningHost): Promise<number> {
  let moves = 0;
  while (!host.supervisor.ended) {
    await host.moveLine(moves % 2, (moves >> 1) % 2);
    moves += 1;
    await delay(2);
  }
  return moves;
}

/** How many flows are in more than one CPU's table. */
function shared({ supervisor }: RunningHost): number {
  const { machine, plan } = supervisor.source;
  const held = (tables: readonly number[]) => largestFlows(machine.views, tables, FLOW_BUCKETS, 1).held;
  const tables = plan.cpus.map((cpu) => cpu.flows);
  return tables.reduce((all, table) => all + held([table]), -held(tables));
}

t.test('each flow whole, while lines move between two CPUs', async (t) => {
  const host = await start({ ...MANY, cpus: 2, queues: 4, ip: 'mixed', size: '82,570', ring: 64 });
  const moving = moveLines(host);
  const snapshot = await endsWithin(host, 60_000);
  t.comment(`${await moving} moves`);
  const { flows, held, noFlow, evictions } = topOf(snapshot);
  t.equal(snapshot.stack.delivered, FLOWS * PACKETS_EACH);
  t.equal(flows.length, FLOWS);
  t.same({ held, noFlow, evictions }, { held: FLOWS, noFlow: 0, evictions: 0 });
  t.same(
    flows.filter(({ packets, error }) => packets !== PACKETS_EACH || error !== 0),
    [],
    'as many packets of each flow as pktgen sent',
  );
  t.equal(sum(flows, 'bytes'), snapshot.stack.deliveredBytes);
  t.ok(shared(host) > 0, 'some have been on both CPUs');
});

t.test('in interrupt mode too, and of a snapshot while traffic runs', async (t) => {
  const host = await start({
    ...MANY,
    topFlows: 10,
    mode: 'interrupt',
    cpus: 1,
    queues: 2,
    full: 'wait',
    duration: 30,
  });
  while (topOf(host.snapshot()).held < FLOWS && !host.supervisor.ended) await delay(5);
  const snapshot = await endsWithin(host, 60_000);
  const { flows, held } = topOf(snapshot);
  t.equal(held, FLOWS);
  t.equal(flows.length, 10, 'no more than were asked for');
  const { machine, plan } = host.supervisor.source;
  const all = largestFlows(machine.views, [plan.cpus[0]!.flows], FLOW_BUCKETS, FLOWS).flows;
  t.equal(
    all.reduce((sum, { packets }) => sum + packets, 0),
    snapshot.stack.delivered,
  );
});

t.test('who does not ask pays nothing', async (t) => {
  const host = await start({ device: 'pktgen', packets: 1000 });
  const { stack } = await endsWithin(host, 20_000);
  t.equal(stack.topFlows, null);
  t.notMatch(host.memory, / flows/);
});

/** A line per flow: protocol, ends, packets, bytes; sorted. */
function linesOf(flows: readonly FlowSnapshot[]): string[] {
  return flows
    .map((flow) => {
      const { protocol, source, sourcePort, destination, destinationPort, packets, bytes, error } = flow;
      return [protocol, source, sourcePort, destination, destinationPort, packets, bytes, error].join(' ');
    })
    .sort();
}

const NAMES: Record<string, string> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };
const IPV4 = ['ip.proto', 'ip.src', 'ip.dst'];
const IPV6 = ['ipv6.nxt', 'ipv6.src', 'ipv6.dst'];
const PORTS = ['udp.srcport', 'udp.dstport', 'tcp.srcport', 'tcp.dstport'];

/** The flows of a capture as tshark sees them. */
function tsharkFlows(path: string): FlowSnapshot[] {
  const flows = new Map<string, { protocol: string; packets: number; bytes: number } & FlowSnapshot>();
  for (const [length, ...fields] of dissect(path, ['frame.len', ...IPV4, ...IPV6, ...PORTS], ['-E', 'occurrence=f'])) {
    const [proto4, source4, destination4, proto6, source6, destination6, ...ports] = fields;
    if (!proto4 && !proto6) continue;
    const flow = {
      protocol: NAMES[proto4 || proto6!]!,
      source: source4 || source6!,
      sourcePort: Number(ports[0] || ports[2]),
      destination: destination4 || destination6!,
      destinationPort: Number(ports[1] || ports[3]),
    };
    const key = JSON.stringify(flow);
    const before = flows.get(key) ?? { packets: 0, bytes: 0 };
    flows.set(key, { ...flow, packets: before.packets + 1, bytes: before.bytes + Number(length), error: 0 });
  }
  return [...flows.values()];
}

t.test('tshark finds the same flows in a capture', { skip: NO_TSHARK }, async (t) => {
  const snapshot = await run({ device: `pcap:${FIXTURE}`, cpus: 2, queues: 2, topFlows: 1000 });
  const { flows, noFlow } = topOf(snapshot);
  const expected = tsharkFlows(FIXTURE);
  t.ok(expected.length > 10);
  t.same(linesOf(flows), linesOf(expected));
  t.equal(sum(flows, 'packets') + noFlow, snapshot.stack.delivered);
  t.equal(noFlow, snapshot.stack.protocols.arp, 'only ARP is not IP there');
});
