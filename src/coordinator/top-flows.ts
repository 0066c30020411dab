// Cold. Runs on: main.
// From the CPUs' flow tables to the snapshot's largest flows.

import { FLOW_BUCKETS } from '../bursts/layout.js';
import type { Views } from '../memory/views.js';
import { type Flow, largestFlows } from '../net/flow-table.js';
import type { Plan } from './plan.js';
import type { FlowSnapshot, TopFlowsSnapshot } from './snapshot-types.js';

/** IANA's keywords, in small letters, for what is often seen; ICMP for IPv6 as the kernel's counters call it. */
const PROTOCOL_KEYWORDS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipv4',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmpv6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
};

/** @param asked the option `topFlows`; not a number: flows are not counted */
export function topFlowsSnapshot(views: Views, plan: Plan, asked: unknown): TopFlowsSnapshot | null {
  if (typeof asked !== 'number') return null;
  const tables = plan.polling.map(({ flows }) => flows);
  const { flows, held, noFlow, evictions, evicted } = largestFlows(views, tables, FLOW_BUCKETS, asked);
  return { flows: flows.map(flowSnapshot), held, noFlow, evictions, evictedPackets: evicted };
}

function flowSnapshot({ version: _, protocol, ...flow }: Flow): FlowSnapshot {
  return { protocol: PROTOCOL_KEYWORDS[protocol] ?? String(protocol), ...flow };
}
