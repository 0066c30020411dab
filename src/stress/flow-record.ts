// Cold. Runs on: main (makes it, reads it), CPUs (flow-sink.ts).
// What the checking sink finds of each flow: shared memory, because a flow's queue may move from CPU to CPU meanwhile.
//
//   FLOWS    4 words for each source key: NEXT | PACKETS | SKIPPED | –     whoever polls the flow's queue
//   FAULTS   16 words for each CPU: COUNT, and of its first fault
//            KIND | KEY | EXPECTED | FOUND                                 that CPU
//            HANG                                                          hang-words.ts
//   … and as many for each attached thread, which never hangs              that thread

export const FLOW_WORDS = 4;
/** The sequence number that comes next. */
export const NEXT = 0;
export const PACKETS = 1;
/** Sequence numbers that were left out. */
export const SKIPPED = 2;

export const FAULT_WORDS = 16;
export const COUNT = 0;
export const KIND = 1;
export const KEY = 2;
export const EXPECTED = 3;
export const FOUND = 4;
const HANG = 5;

/** Index = KIND. */
const FAULT_KINDS = ['repeated or reordered', 'complement of its sequence number', 'last byte'] as const;

const KEYS = 2 ** 17;
export const FIRST_FAULT = KEYS * FLOW_WORDS;
/** Where the attached threads' places among the CPUs' begin. */
export const CPUS_MAX = 64;
const ATTACHED_MAX = 2;
const PLACES = CPUS_MAX + ATTACHED_MAX;
const BYTES = (FIRST_FAULT + PLACES * FAULT_WORDS) * 4;

/** Index of a CPU's HANG. */
export function hangAt(cpu: number): number {
  return FIRST_FAULT + cpu * FAULT_WORDS + HANG;
}

/** pktgen's flows of one IP version differ in the last 16 bits of their source address. `frame`: where it begins. */
export function sourceKey(bytes: Uint8Array, frame: number): number {
  const ipv4 = bytes[frame + 12] === 0x08; // of the Ethertype
  const end = frame + (ipv4 ? 30 : 38); //    of the source address
  return (ipv4 ? 0 : 0x10000) | (bytes[end - 2]! << 8) | bytes[end - 1]!;
}

/** What must hold of what came. */
export interface Expected {
  readonly flows: number;
  readonly offered: number;
  readonly delivered: number;
  readonly dropped: number;
  /** With a CPU that died: it may have given them to the sink. */
  readonly lost: number;
}

/** One for all rounds: it is large. */
export class FlowRecord {
  readonly buffer = new SharedArrayBuffer(BYTES);
  private readonly words = new Int32Array(this.buffer);

  clear(): void {
    this.words.fill(0);
  }

  /** @returns one line for each thing that is wrong, when no thread runs any more */
  violations(expected: Expected): string[] {
    return [...this.faults(), ...this.sums(expected)];
  }

  private faults(): string[] {
    return Array.from({ length: PLACES }, (_, place) => place).flatMap((place) => {
      const at = FIRST_FAULT + place * FAULT_WORDS;
      const [count, kind, key, expected, found] = this.words.subarray(at, at + FOUND + 1);
      if (count === 0) return [];
      const first = `flow ${key}: ${FAULT_KINDS[kind!]}: expected ${expected}, found ${found}`;
      const who = place < CPUS_MAX ? `cpu${place}` : `attached${place - CPUS_MAX}`;
      return [`${who} was given ${count} packets that are not as they were sent, first of ${first}`];
    });
  }

  private sums({ flows, offered, delivered, dropped, lost }: Expected): string[] {
    const { seen, packets, skipped, next } = this.total();
    const sent = Math.ceil(offered / flows);
    const wrong: string[] = [];
    if (seen > flows) wrong.push(`packets of ${seen} flows came, and ${flows} were sent`);
    if (packets < delivered || packets > delivered + lost) {
      wrong.push(`the sink was given ${packets} packets ≠ delivered ${delivered}`);
    }
    if (skipped > dropped + lost) wrong.push(`${skipped} packets left out in their flows > dropped ${dropped}`);
    if (next > sent) wrong.push(`packet ${next - 1} of a flow came, and ${sent} of each were sent at most`);
    return wrong;
  }

  private total() {
    const total = { seen: 0, packets: 0, skipped: 0, next: 0 };
    for (let at = 0; at < FIRST_FAULT; at += FLOW_WORDS) {
      const packets = this.words[at + PACKETS]!;
      if (packets === 0) continue;
      total.seen += 1;
      total.packets += packets;
      total.skipped += this.words[at + SKIPPED]!;
      total.next = Math.max(total.next, this.words[at + NEXT]!);
    }
    return total;
  }
}
