// Hot. Runs on: CPUs; main reads.
// What waits for one CPU: its input_pkt_queue and process_queue (struct softnet_data), as a ring for each CPU that sends to it.
//
//   0    QLEN      packets of other CPUs in input_pkt_queue               senders (Atomics.add), this CPU (Atomics.sub, compareExchange)
//   16…  rings, one per sender:
//     0    TAIL      next slot to fill                                    the sender
//     1    COUNTED   end of what is in QLEN, or is about to be             the sender; after its end, its heir
//     2    DROPPED   packets that found the queue full, a double          the sender
//     16   SPLICED   end of process_queue, beginning of input_pkt_queue   this CPU
//     17   HEAD      next slot to process                                 this CPU
//     32…  slots                                                          TAIL … HEAD+size-1: the sender, else this CPU
// input_pkt_queue is SPLICED … TAIL-1 of all rings, process_queue HEAD … SPLICED-1. Only the first is limited, by
// netdev_max_backlog, and by the sender's flow limit. Packets of one sender keep their order; those of several come in the order of
// the rings.
//
// No sender looks at HEAD. A ring has room for what the limit lets into both queues, since QLEN is never less than what is in
// input_pkt_queue: it is added to before TAIL moves, and subtracted from after SPLICED has. The ring of the CPU itself is not in
// QLEN, so that a CPU that only sends to itself needs no Atomics for it.
//
// A sender that ends between the add and TAIL leaves QLEN too large, and so does this CPU between SPLICED and the sub. Nobody else
// can tell by how much while others send. So COUNTED moves before the add: when this CPU finds QLEN not 0, and COUNTED of no ring
// beyond SPLICED, then nobody is at it, and nothing waits: QLEN is 0. The heir of a sender takes COUNTED back to TAIL before.

import { CACHE_LINE_WORDS, powerOfTwoAtLeast } from '../memory/layout.js';
import { NETDEV_MAX_BACKLOG_MAX } from '../napi/sysctl.js';

export const BACKLOG_QLEN = 0;
const RINGS = CACHE_LINE_WORDS;
const SPLICED = CACHE_LINE_WORDS;
const SLOTS = 2 * CACHE_LINE_WORDS;
/** The words of a ring. */
export const BACKLOG_RING = { TAIL: 0, COUNTED: 1, DROPPED: 2, SPLICED, HEAD: SPLICED + 1 } as const;

/** input_pkt_queue and process_queue can both be full. */
export const BACKLOG_FRAMES_MAX = 2 * (NETDEV_MAX_BACKLOG_MAX + 1);
const SIZE = powerOfTwoAtLeast(BACKLOG_FRAMES_MAX);

/** No slot: the queue is full, or empty. */
export const NO_SLOT = -1;

/** Where the backlog of one CPU lies. */
export interface BacklogLayout {
  readonly address: number;
  /** The CPU. */
  readonly cpu: number;
  /** The CPUs that send to it, perhaps itself: a ring each, in this order. */
  readonly senders: readonly number[];
  /** Words of a slot. */
  readonly slotWords: number;
  /** The CPU's flow table as a sender, of FLOW_LIMIT_BYTES. */
  readonly flowLimit: number;
}

/** How much of memory a CPU's backlog takes. */
export function backlogBytes(senders: number, slotWords: number): number {
  return (RINGS + senders * ringWords(slotWords)) * 4;
}

function ringWords(slotWords: number): number {
  return SLOTS + SIZE * slotWords;
}

/** Word index of each ring. */
export function ringsOf({ address, senders, slotWords }: BacklogLayout): number[] {
  return senders.map((_, index) => address / 4 + RINGS + index * ringWords(slotWords));
}

/** Word index of a slot. */
export function slotAt(ring: number, cursor: number, slotWords: number): number {
  return ring + SLOTS + (cursor & (SIZE - 1)) * slotWords;
}
