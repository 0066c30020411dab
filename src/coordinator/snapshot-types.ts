// Cold. Runs on: main.
// The shape of a snapshot, which is also the document that `softirq run --json` prints. Its field names are an interface.

export interface QueueSnapshot {
  readonly id: number;
  readonly irqLine: number;
  /** The CPU that takes the line's interrupts now. */
  readonly cpu: number;
  readonly rxPackets: number;
  readonly rxMissedErrors: number;
  /** Handler entries, on any CPU. */
  readonly irqs: number;
  /** Polls of this queue; each ended in exactly one of the next three. */
  readonly polls: number;
  readonly completions: number;
  readonly fullBudgetPolls: number;
  readonly missedReschedules: number;
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
  readonly irqs: number;
  /** CPU time of its thread since the start of traffic; null where the system does not tell. */
  readonly cpuSeconds: number | null;
  readonly queues: readonly QueueSnapshot[];
}

export interface CpuSnapshot {
  readonly id: number;
  /** Kernel thread id; null where the system does not tell. */
  readonly tid: number | null;
  readonly hardirqs: number;
  readonly netRxSoftirqs: number;
  readonly processed: number;
  readonly dropped: number;
  readonly timeSqueeze: number;
  readonly ksoftirqdRuns: number;
  readonly sleeps: number;
  readonly cpuSeconds: number | null;
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
  /** By reason (MALFORMED_REASONS). */
  readonly malformed: Readonly<Record<string, number>>;
  /** By place: `backlog`. */
  readonly dropped: Readonly<Record<string, number>>;
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
  /** All drops: rxMissedErrors, malformed, backlog. */
  readonly dropped: number;
  /** Counted where they are: held by the NIC, in rings, in backlogs. */
  readonly inFlight: number;
  /** offered = delivered + dropped + inFlight. Null while traffic runs: the four are not of one moment. */
  readonly holds: boolean | null;
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
  readonly tasks: readonly TaskSnapshot[];
  readonly stack: StackSnapshot;
  readonly rates: RatesSnapshot;
  readonly conservation: ConservationSnapshot;
  readonly noise: NoiseSnapshot;
}
