// Cold. Runs on: main.
// What is in a CPU's backlog (backlog-layout.ts draws it).

import type { Views } from '../memory/views.js';
import { BACKLOG_RING, type BacklogLayout, ringsOf, slotAt } from './backlog-layout.js';

const { TAIL, DROPPED, SPLICED, HEAD } = BACKLOG_RING;

/** Packets that wait. May be asked while threads run: then there may be less by now, but never less than none. */
export function backlogWaiting(views: Views, layout: BacklogLayout): number {
  return backlogInput(views, layout, HEAD);
}

/** Those of them in input_pkt_queue. */
export function backlogInput(views: Views, layout: BacklogLayout, from = SPLICED): number {
  let waiting = 0;
  for (const ring of ringsOf(layout)) {
    const first = Atomics.load(views.words, ring + from); // First: TAIL, whenever it is loaded, is not behind it.
    waiting += (Atomics.load(views.words, ring + TAIL) - first) | 0;
  }
  return waiting;
}

/** Packets that other CPUs have dropped because they found it full. */
export function backlogDropped(views: Views, layout: BacklogLayout): number {
  return ringsOf(layout).reduce((total, ring) => total + views.doubles[(ring + DROPPED) / 2]!, 0);
}

/** For main, when no thread has it: word index of the slot that was last done with, of a backlog with one sender. */
export function lastSlot(views: Views, layout: BacklogLayout): number {
  const ring = ringsOf(layout)[0]!;
  return slotAt(ring, (views.words[ring + HEAD]! - 1) | 0, layout.slotWords);
}

/** For main, when no thread runs: word index of each slot that holds a packet. */
export function backlogSlots(views: Views, layout: BacklogLayout): number[] {
  const slots: number[] = [];
  for (const ring of ringsOf(layout)) {
    const tail = views.words[ring + TAIL]!;
    for (let cursor = views.words[ring + HEAD]!; cursor !== tail; cursor = (cursor + 1) | 0)
      slots.push(slotAt(ring, cursor, layout.slotWords));
  }
  return slots;
}
