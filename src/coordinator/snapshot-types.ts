// Cold. Runs on: main.
// The shape of a snapshot, which is also the document that `softirq run --json` prints. Its field names are an interface.

export interface QueueSnapshot {
  readonly id: number;
  readonly irqLine: number;
  /** The CPU that takes the line's interrupts now. */
  readonly cpu: number;
  /** By which host.napi finds its instance; null in mode interrupt. */
  readonly napiId: number | null;
  readonly threaded: 'disabled' | 'enabled' | 'busy-poll';
  readonly rxPackets: number;
  readonly rxMissedErrors: number;
  /** Handler entries, on any CPU. */
  readonly irqs: number;
  /** Polls of this queue; each ended in exactly one of the next five. */
  readonly polls: number;
  readonly completions: number;
  readonly fullBudgetPolls: number;
  readonly missedReschedules: number;
  /** The line stayed masked for a timer, or for who busy-polls. */
  readonly deferredPolls: number;
  /** Polled without an interrupt's asking, and the line was not masked. */
  readonly unaskedPolls: number;
  /** Frames that a CPU had in hand when its thread ended, and had counted neither as delivered nor as dropped. */
  readonly lostWithCpu: number;
}

/** What the first pass over a capture has found so far. */
export interface CaptureSnapshot {
  /** Null before its first bytes were read. */
  readonly format: 'pcap' | 'pcapng' | null;
  readonly gzip: boolean;
  readonly packets: number;
  /** Of which the capture has only the first bytes. */
  readonly sliced: number;
  /** Whose time lies before that of the packet ahead. */
  readonly backwardTimestamps: number;
  /** Of a pcapng file: neither packets nor what is needed to read them. */
  readonly skippedBlocks: number;
  /** Where and why it could not be read to its end; null when it could, and while traffic runs. */
  readonly error: string | null;
}

export interface NicSnapshot {
  readonly name: string;
  readonly device: string;
  readonly offeredPackets: number;
  readonly offeredBytes: number;
  /** Put in a ring. */
  readonly rxPackets: number;
  readonly rxBytes: number;
  /** No buffer was posted, and the frame was dropped (`full: 'drop'`). */
  readonly rxMissedErrors: number;
  /** No buffer was posted, and the source was held (`full: 'wait'`). */
  readonly pauses: number;
  /** Packets without bytes, or of more than 9,216: offered and dropped. */
  readonly rxLengthErrors: number;
  readonly irqs: number;
  /** CPU time of its thread since the start of traffic; null where the system does not tell. */
  readonly cpuSeconds: number | null;
  readonly queues: readonly QueueSnapshot[];
  /** Null for pktgen. */
  readonly capture: CaptureSnapshot | null;
}

export interface CpuSnapshot {
  readonly id: number;
  /** False: it is offline, or lost, or on its way. */
  readonly online: boolean;
  /** Kernel thread id; null where the system does not tell. */
  readonly tid: number | null;
  readonly hardirqs: number;
  /** Interrupts of the CPU's own timer (LOC in /proc/interrupts); not among hardirqs. */
  readonly timerIrqs: number;
  /** Packets that busy polling found (BusyPollRxPackets of /proc/net/netstat); without the poll that ends a loop. */
  readonly busyPollRxPackets: number;
  readonly netRxSoftirqs: number;
  readonly processed: number;
  readonly dropped: number;
  readonly timeSqueeze: number;
  /** Interrupts by which other CPUs told it of packets in its backlog: not their number. */
  readonly receivedRps: number;
  /** Packets that it has put in no backlog because the last ones had too many of their flow; each is in some CPU's `dropped`, too. */
  readonly flowLimitCount: number;
  /** Packets that wait in its backlog, and that no poll has taken over yet: what netdev_max_backlog limits. */
  readonly inputPktQueue: number;
  /** Those that its poll has taken over. */
  readonly processQueue: number;
  readonly ksoftirqdRuns: number;
  readonly sleeps: number;
  readonly cpuSeconds: number | null;
}

/** A thread that polls and is no CPU: the worker of a threaded NAPI, of all its lives, or an attached thread. */
export interface ThreadSnapshot {
  /** `napi/nic0-4`, `attached0` */
  readonly name: string;
  /** Of the instance whose thread it is; null: an attached thread polls any. */
  readonly napiId: number | null;
  /** Kernel thread id; null while there is no thread, and where the system does not tell. */
  readonly tid: number | null;
  readonly polls: number;
  readonly processed: number;
  /** As of CPUs. */
  readonly busyPollRxPackets: number;
  readonly sleeps: number;
  readonly cpuSeconds: number | null;
}

/** All packets of one IP version, protocol, source and destination: one direction of a conversation. */
export interface FlowSnapshot {
  /** `udp`, `tcp`, `icmp` … as IANA calls it, or the number that has no name here. */
  readonly protocol: string;
  /** Dotted, or in the form of RFC 5952. */
  readonly source: string;
  /** 0 where the protocol has no ports; a fragment has them only if it is the first. */
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Exact when `error` is 0; else at least so many. */
  readonly packets: number;
  /** Of frames, without FCS: at most so many, and at least `bytes - error`. */
  readonly bytes: number;
  /** Bytes that may be those of smaller flows, whose place this one took in a full table. */
  readonly error: number;
}

export interface TopFlowsSnapshot {
  /** The largest by `bytes - error`, then by packets; as many as were asked for, or as there are. */
  readonly flows: readonly FlowSnapshot[];
  /** Flows that the tables hold. */
  readonly held: number;
  /** Delivered packets that are not IP, and belong to no flow. */
  readonly noFlow: number;
  /** How often a flow took the place of a smaller one, and the packets that were counted for those. */
  readonly evictions: number;
  readonly evictedPackets: number;
}

/** The delivered packets that have this header, of those that have the headers above it in the tree. */
export interface ProtocolNode {
  /** `ethernet` at the root, else of PROTOCOL_NAMES. */
  readonly name: string;
  readonly frames: number;
  readonly bytes: number;
  /** By what comes next, in the order of PROTOCOL_NAMES. */
  readonly children: readonly ProtocolNode[];
}

/** A task of the application on one CPU. */
export interface TaskSnapshot {
  readonly name: string;
  readonly cpu: number;
  /** Calls of its step function. */
  readonly steps: number;
  /** Time that it had the CPU, by the machine's own clock. */
  readonly cpuSeconds: number;
}

export interface StackSnapshot {
  readonly delivered: number;
  readonly deliveredBytes: number;
  /** By name (PROTOCOL_NAMES); a packet counts once in each of its protocols. */
  readonly protocols: Readonly<Record<string, number>>;
  /** A packet counts in each node on its path, whose names are its protocols. */
  readonly protocolTree: ProtocolNode;
  /** Delivered TCP segments by flag: `fin, syn, rst, psh, ack, urg, ece, cwr`. */
  readonly tcpFlags: Readonly<Record<string, number>>;
  /** Delivered messages by type: all that have a name, and as `type42` those without that were seen. */
  readonly icmpTypes: Readonly<Record<string, number>>;
  readonly icmpv6Types: Readonly<Record<string, number>>;
  /** By reason (MALFORMED_REASONS). */
  readonly malformed: Readonly<Record<string, number>>;
  /** By place: `backlog`. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Null unless `topFlows` asks for it. */
  readonly topFlows: TopFlowsSnapshot | null;
}

export interface RatesSnapshot {
  readonly offeredPps: number;
  readonly deliveredPps: number;
  /** Handler entries / packets put in a ring; 0 when there were none. */
  readonly irqsPerPacket: number;
  /** Packets / driver polls; 0 when there were none. */
  readonly packetsPerPoll: number;
}

export interface ConservationSnapshot {
  readonly offered: number;
  readonly delivered: number;
  /** All drops: rxMissedErrors, rxLengthErrors, malformed, backlog. */
  readonly dropped: number;
  /** Of all queues. */
  readonly lostWithCpu: number;
  /** Counted where they are: held by the NIC, in rings, in backlogs. */
  readonly inFlight: number;
  /** offered = delivered + dropped + lostWithCpu + inFlight. Null while traffic runs: the five are not of one moment. */
  readonly holds: boolean | null;
}

/** A capture file that is written. */
export interface RecordingSnapshot {
  readonly path: string;
  readonly packets: number;
  /** Of the file; while traffic runs, of what will be in it. */
  readonly bytes: number;
}

export interface NoiseSnapshot {
  /** One-minute load average of the machine. */
  readonly loadAverage: number;
  /** How often the system took the CPU from one of our threads; null where it does not tell. */
  readonly involuntarySwitches: number | null;
}

export interface Snapshot {
  /** Of this package. */
  readonly version: string;
  readonly node: string;
  /** The options in force, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Traffic time: first offer to last poll. */
  readonly durationSeconds: number;
  readonly nics: readonly NicSnapshot[];
  readonly cpus: readonly CpuSnapshot[];
  /** Empty unless `napi.threadWorker` or `attachments` was asked for. */
  readonly threads: readonly ThreadSnapshot[];
  readonly tasks: readonly TaskSnapshot[];
  readonly stack: StackSnapshot;
  readonly rates: RatesSnapshot;
  readonly conservation: ConservationSnapshot;
  /** One per file: `write`, then `writeDropped`. */
  readonly recordings: readonly RecordingSnapshot[];
  readonly noise: NoiseSnapshot;
}
