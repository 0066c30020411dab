// A snapshot made by hand, whose counters agree with each other.

import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import type { ProtocolNode, Snapshot } from '../../src/coordinator/snapshot-types.js';
import {
  ICMP_TYPE_NAMES,
  ICMPV6_TYPE_NAMES,
  MALFORMED_REASONS,
  PROTOCOL_NAMES,
  TCP_FLAG_NAMES,
} from '../../src/memory/counters.js';

/** As snapshots show it: without what is only for threads. */
const { execArgv: _, ...config } = resolveOptions({ device: 'pktgen', cpus: 1 });

const zeroes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));

/** All that was delivered, as one node of the tree. */
function nodeOf(name: string, children: readonly ProtocolNode[]): ProtocolNode {
  return { name, frames: 185_999_000, bytes: 11_159_940_000, children };
}

const queue = {
  id: 0,
  irqLine: 0,
  napiId: 3,
  threaded: 'disabled' as const,
  cpu: 0,
  rxPackets: 186_000_000,
  rxMissedErrors: 0,
  irqs: 12,
  polls: 2_906_271,
  completions: 12,
  fullBudgetPolls: 2_906_255,
  missedReschedules: 4,
  deferredPolls: 0,
  unaskedPolls: 0,
  lostWithCpu: 0,
};

/** 186 million packets in 5 s, 1,000 of them with a wrong checksum. */
export const sample: Snapshot = {
  version: '0.1.0',
  node: 'v20.20.2',
  config,
  durationSeconds: 5,
  nics: [
    {
      name: 'nic0',
      device: 'pktgen',
      offeredPackets: 186_000_000,
      offeredBytes: 11_160_000_000,
      rxPackets: 186_000_000,
      rxBytes: 11_160_000_000,
      rxMissedErrors: 0,
      pauses: 1_234,
      rxLengthErrors: 0,
      irqs: 12,
      cpuSeconds: 4.9,
      queues: [queue],
      capture: null,
    },
  ],
  cpus: [
    {
      id: 0,
      online: true,
      tid: 4711,
      hardirqs: 12,
      timerIrqs: 0,
      busyPollRxPackets: 0,
      netRxSoftirqs: 581_300,
      processed: 186_000_000,
      dropped: 0,
      timeSqueeze: 581_200,
      receivedRps: 0,
      flowLimitCount: 0,
      inputPktQueue: 0,
      processQueue: 0,
      ksoftirqdRuns: 58_000,
      sleeps: 3,
      cpuSeconds: 4.98,
    },
  ],
  threads: [],
  tasks: [],
  stack: {
    delivered: 185_999_000,
    deliveredBytes: 11_159_940_000,
    protocols: { ...zeroes(PROTOCOL_NAMES), ipv4: 185_999_000, udp: 185_999_000 },
    protocolTree: nodeOf('ethernet', [nodeOf('ipv4', [nodeOf('udp', [])])]),
    tcpFlags: zeroes(TCP_FLAG_NAMES),
    icmpTypes: zeroes(Object.values(ICMP_TYPE_NAMES)),
    icmpv6Types: zeroes(Object.values(ICMPV6_TYPE_NAMES)),
    malformed: { ...zeroes(MALFORMED_REASONS), ipv4Checksum: 1_000 },
    dropped: { backlog: 0 },
    topFlows: null,
  },
  rates: { offeredPps: 37_200_000, deliveredPps: 37_199_800, irqsPerPacket: 12 / 186e6, packetsPerPoll: 64 - 5e-4 },
  conservation: {
    offered: 186_000_000,
    delivered: 185_999_000,
    dropped: 1_000,
    lostWithCpu: 0,
    inFlight: 0,
    holds: true,
  },
  recordings: [{ path: 'delivered.pcapng', packets: 185_999_000, bytes: 17_111_908_172 }],
  noise: { loadAverage: 0.52, involuntarySwitches: 34 },
};
