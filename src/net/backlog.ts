// Hot. Runs on: CPU n.
// One CPU's backlog: packets that an interrupt handler has set aside for a softirq (enqueue_to_backlog, process_backlog).
//
//   0    TAIL      next slot to fill                                       this CPU
//   1    SPLICED   end of process_queue, beginning of input_pkt_queue      this CPU
//   2    HEAD      next slot to process                                    this CPU
//   16…  slots × 10 words: an entry (bursts/layout.ts) | its queue | last buffer of its chain
// input_pkt_queue is SPLICED … TAIL-1, process_queue HEAD … SPLICED-1. Only the first is limited by netdev_max_backlog.

import { BATCH_FIRST_ENTRY, ENTRY_BUFFER, ENTRY_BYTES, ENTRY_NEXT, NO_BUFFER } from '../bursts/layout.js';
import { CACHE_LINE_WORDS, powerOfTwoAtLeast } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Poll } from '../napi/napi.js';
import type { Softnet } from '../napi/softnet.js';
import { NETDEV_MAX_BACKLOG_MAX, type Sysctls } from '../napi/sysctl.js';
import type { BufferPool } from '../ring/buffer-pool.js';
import type { Receive } from './receive.js';

const TAIL = 0;
const SPLICED = 1;
const HEAD = 2;
const SLOTS = CACHE_LINE_WORDS;
const ENTRY_WORDS = ENTRY_BYTES / 4;
const QUEUE = ENTRY_WORDS;
const LAST = QUEUE + 1;
const SLOT_WORDS = LAST + 1;
const FIRST_ENTRY = BATCH_FIRST_ENTRY / 4;

/** input_pkt_queue and process_queue can both be full. */
export const BACKLOG_FRAMES_MAX = 2 * (NETDEV_MAX_BACKLOG_MAX + 1);
const SIZE = powerOfTwoAtLeast(BACKLOG_FRAMES_MAX);
export const BACKLOG_BYTES = (SLOTS + SIZE * SLOT_WORDS) * 4;

export class Backlog implements Poll {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly id: number;
  private readonly softnet: Softnet;
  private readonly receive: Receive;
  private readonly pools: readonly BufferPool[];
  private readonly links: number;
  private readonly deliver: () => number;
  private readonly sysctls: Sysctls;
  /** netdev_max_backlog, as it was when the last poll began: it is asked for each packet. */
  private max: number;

  /**
   * @param id this backlog's NAPI instance
   * @param pools by queue: where the buffers go back to
   * @param links byte address of the link words
   * @param deliver takes pending interrupts; a delivery point lies between two packets
   */
  constructor(
    views: Views,
    address: number,
    id: number,
    softnet: Softnet,
    receive: Receive,
    pools: readonly BufferPool[],
    links: number,
    deliver: () => number,
    sysctls: Sysctls,
  ) {
    this.words = views.words;
    this.base = address / 4;
    this.id = id;
    this.softnet = softnet;
    this.receive = receive;
    this.pools = pools;
    this.links = links / 4;
    this.deliver = deliver;
    this.sysctls = sysctls;
    this.max = sysctls.maxBacklog;
    softnet.add(id, { poll: this });
  }

  /** enqueue_to_backlog: the batch area's first entry. @returns false when the queue is full: the caller drops it */
  enqueue(queue: number): boolean {
    const tail = this.words[this.base + TAIL]!;
    if (((tail - this.words[this.base + SPLICED]!) | 0) > this.max) return false;
    const slot = this.slot(tail);
    const entry = this.receive.batch / 4 + FIRST_ENTRY;
    this.copyEntry(entry, slot);
    this.words[slot + QUEUE] = queue;
    this.words[slot + LAST] = this.lastBuffer(entry);
    this.words[this.base + TAIL] = (tail + 1) | 0;
    if (!this.softnet.isScheduled(this.id)) this.softnet.napiSchedule(this.id);
    return true;
  }

  /** process_backlog. A weight that has changed is that of the next poll. */
  poll(budget: number): number {
    this.max = this.sysctls.maxBacklog;
    this.softnet.napis[this.id]!.weight = this.sysctls.devRxWeight;
    let work = 0;
    while (work < budget) {
      const head = this.words[this.base + HEAD]!;
      if (head === this.words[this.base + SPLICED] && !this.splice()) {
        // Nothing can arrive in between: handlers run at delivery points only.
        this.softnet.napiCompleteDone(this.id, work);
        return work;
      }
      this.process(this.slot(head));
      this.words[this.base + HEAD] = (head + 1) | 0;
      work += 1;
      this.deliver();
    }
    return work;
  }

  /** input_pkt_queue becomes process_queue. @returns false when it is empty */
  private splice(): boolean {
    const tail = this.words[this.base + TAIL]!;
    if (tail === this.words[this.base + SPLICED]) return false;
    this.words[this.base + SPLICED] = tail;
    return true;
  }

  private process(slot: number): void {
    const entry = this.receive.batch / 4 + FIRST_ENTRY;
    this.copyEntry(slot, entry);
    const queue = this.words[slot + QUEUE]!;
    this.receive.receive(1, queue);
    const first = this.words[slot + ENTRY_BUFFER / 4]!;
    const next = this.words[slot + ENTRY_NEXT / 4]!;
    if (next !== NO_BUFFER) this.words[this.links + first] = next;
    this.pools[queue]!.giveBack(first, this.words[slot + LAST]!);
  }

  private lastBuffer(entry: number): number {
    let last = this.words[entry + ENTRY_BUFFER / 4]!;
    for (let id = this.words[entry + ENTRY_NEXT / 4]!; id !== NO_BUFFER; id = this.words[this.links + id]!) last = id;
    return last;
  }

  private copyEntry(from: number, to: number): void {
    for (let i = 0; i < ENTRY_WORDS; i += 1) this.words[to + i] = this.words[from + i]!;
  }

  private slot(cursor: number): number {
    return this.base + SLOTS + (cursor & (SIZE - 1)) * SLOT_WORDS;
  }
}

/** Packets that wait in a backlog. May be asked while threads run: then there may be less by now, but never less than none. */
export function backlogWaiting(views: Views, address: number): number {
  const base = address / 4;
  const head = Atomics.load(views.words, base + HEAD); // First: TAIL, whenever it is loaded, is not behind it.
  return (Atomics.load(views.words, base + TAIL) - head) | 0;
}

/** For main, when no thread runs: the entries in a backlog, with the buffers of each. */
export function readBacklog(views: Views, address: number, links: number): { frames: number; buffers: number[] } {
  const { words } = views;
  const base = address / 4;
  const tail = words[base + TAIL]!;
  const buffers: number[] = [];
  let frames = 0;
  for (let cursor = words[base + HEAD]!; cursor !== tail; cursor = (cursor + 1) | 0) {
    const slot = base + SLOTS + (cursor & (SIZE - 1)) * SLOT_WORDS;
    frames += 1;
    buffers.push(words[slot + ENTRY_BUFFER / 4]!);
    for (let id = words[slot + ENTRY_NEXT / 4]!; id !== NO_BUFFER; id = words[links / 4 + id]!) buffers.push(id);
  }
  return { frames, buffers };
}
