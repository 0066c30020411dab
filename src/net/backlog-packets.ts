// Hot. Runs on: CPU n.
// The packets in backlogs: what a slot holds, and where it comes from and goes to.
//
//   0…  an entry of a batch area (bursts/layout.ts)
//   8   the Rx queue it came in by
//   9   the last buffer of its chain

import { BATCH_FIRST_ENTRY, ENTRY_BUFFER, ENTRY_BYTES, ENTRY_HASH, ENTRY_NEXT, NO_BUFFER } from '../bursts/layout.js';
import type { CpuRecorder } from '../capture/write-recorder.js';
import type { Views } from '../memory/views.js';
import type { BufferPool } from '../ring/buffer-pool.js';
import type { Backlog, BacklogPackets } from './backlog.js';
import { backlogSlots, lastSlot } from './backlog-counts.js';
import { type BacklogLayout, NO_SLOT } from './backlog-layout.js';
import type { Receive } from './receive.js';

const ENTRY_WORDS = ENTRY_BYTES / 4;
const QUEUE = ENTRY_WORDS;
const LAST = QUEUE + 1;
export const PACKET_WORDS = LAST + 1;
const FIRST_ENTRY = BATCH_FIRST_ENTRY / 4;
// An import is looked up each time: once here.
const BUFFER = ENTRY_BUFFER / 4;
const NEXT = ENTRY_NEXT / 4;
const HASH = ENTRY_HASH / 4;
const NONE = NO_BUFFER;
const FULL = NO_SLOT;

export class ReceivedPackets implements BacklogPackets {
  private readonly words: Int32Array;
  private readonly receiver: Receive;
  /** Word index of the batch area's first entry. */
  private readonly entry: number;
  private readonly pools: readonly BufferPool[];
  private readonly links: number;
  private readonly recorder: CpuRecorder | null;

  /**
   * @param pools by queue: where the buffers go back to
   * @param links byte address of the link words
   * @param recorder null: nothing is recorded
   */
  constructor(
    views: Views,
    receiver: Receive,
    pools: readonly BufferPool[],
    links: number,
    recorder: CpuRecorder | null,
  ) {
    this.words = views.words;
    this.receiver = receiver;
    this.entry = receiver.batch / 4 + FIRST_ENTRY;
    this.pools = pools;
    this.links = links / 4;
    this.recorder = recorder;
  }

  /** enqueue_to_backlog: the batch area's first entry. @returns false when it was dropped; its buffers are the caller's then */
  enqueue(backlog: Backlog, target: number, queue: number): boolean {
    const { words, entry } = this;
    const slot = backlog.insert(target, words[entry + HASH]!);
    if (slot === FULL) {
      if (this.recorder !== null) this.recorder.backlogFull(queue);
      return false;
    }
    this.copyEntry(entry, slot);
    words[slot + QUEUE] = queue;
    words[slot + LAST] = this.lastBuffer(entry);
    backlog.publish(target);
    return true;
  }

  receive(slot: number): void {
    const queue = this.words[slot + QUEUE]!;
    this.copyEntry(slot, this.entry);
    this.receiver.receive(1, queue);
    this.giveBack(slot, queue);
  }

  hash(slot: number): number {
    return this.words[slot + HASH]!;
  }

  drop(slot: number): void {
    const queue = this.words[slot + QUEUE]!;
    this.copyEntry(slot, this.entry);
    if (this.recorder !== null) this.recorder.backlogFull(queue);
    this.giveBack(slot, queue);
  }

  private giveBack(slot: number, queue: number): void {
    const { words } = this;
    const first = words[slot + BUFFER]!;
    const next = words[slot + NEXT]!;
    if (next !== NONE) words[this.links + first] = next;
    this.pools[queue]!.giveBack(first, words[slot + LAST]!);
  }

  private lastBuffer(entry: number): number {
    let last = this.words[entry + BUFFER]!;
    for (let id = this.words[entry + NEXT]!; id !== NONE; id = this.words[this.links + id]!) last = id;
    return last;
  }

  private copyEntry(from: number, to: number): void {
    for (let i = 0; i < ENTRY_WORDS; i += 1) this.words[to + i] = this.words[from + i]!;
  }
}

/** For main, when no thread has it: the Rx queue of the packet that was taken out of a backlog last. */
export function lastQueue(views: Views, layout: BacklogLayout): number {
  return views.words[lastSlot(views, layout) + QUEUE]!;
}

/** For main, when no thread runs: the packets in a backlog, with the buffers of each. */
export function readBacklog(views: Views, layout: BacklogLayout, links: number): { frames: number; buffers: number[] } {
  const { words } = views;
  const buffers: number[] = [];
  const slots = backlogSlots(views, layout);
  for (const slot of slots) {
    buffers.push(words[slot + BUFFER]!);
    for (let id = words[slot + NEXT]!; id !== NONE; id = words[links / 4 + id]!) buffers.push(id);
  }
  return { frames: slots.length, buffers };
}
