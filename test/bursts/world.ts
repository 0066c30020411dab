// Cold. Runs on: main.
// A memory with one of everything that burst functions work on, and an implementation of them over it.
//
//   page 0    ring, batch, stack, links, tally, sequence words
//   page 2    RSS tables
//   pages …   frame table, offers; 64 places for frames; a window of a capture, and how far it is scanned; at the very end the buffers

import type { Bursts } from '../../src/bursts/bursts.js';
import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  DESCRIPTOR_BYTES,
  ENTRY_BYTES,
  FRAME_BYTES_MAX,
  FRAME_RECORD_BYTES,
  INTERFACE_BYTES,
  OFFER_BYTES,
  RSS_BYTES,
  SCAN_FIRST_INTERFACE,
  TALLY_BYTES,
} from '../../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { alignUp, CACHE_LINE_BYTES, PAGE_BYTES } from '../../src/memory/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';

export const FRAMES = 64;
export const RING_SLOTS = 512;
export const RING_MASK = RING_SLOTS - 1;
export const BUFFERS = 512;
/** Frames are copied 16 bytes at a time: so much behind each may be read. */
export const FRAME_PLACE_BYTES = FRAME_BYTES_MAX + 16;

let end = CACHE_LINE_BYTES; // no address is 0: as a sequence word, 0 means none

function place(bytes: number): number {
  const start = end;
  end = alignUp(end + bytes, CACHE_LINE_BYTES);
  return start;
}

export const RING = place(RING_SLOTS * DESCRIPTOR_BYTES);
export const BATCH = place(BATCH_BYTES);
export const STACK = place(BUFFERS * 4);
export const LINKS = place(BUFFERS * 4);
export const TALLY = place(TALLY_BYTES);
export const COPIED = place(2 * 4);
export const SEQUENCES = place(FRAMES * 4);
export const RSS = place(RSS_BYTES);
export const TABLE = place(FRAMES * FRAME_RECORD_BYTES);
export const OFFERS = place(FRAMES * OFFER_BYTES);
export const FRAME_PLACES = place(FRAMES * FRAME_PLACE_BYTES);
export const INTERFACES = 4;
export const SCAN = place(SCAN_FIRST_INTERFACE + INTERFACES * INTERFACE_BYTES);
export const TIMES = place(FRAMES * 8);
export const CAPTURE_BYTES = 16_384;
export const CAPTURE = place(CAPTURE_BYTES);

const PAGES = Math.ceil((end + BUFFERS * BUFFER_BYTES) / PAGE_BYTES);
export const MEMORY_BYTES = PAGES * PAGE_BYTES;
/** The last buffer ends where the memory does. */
export const BUFFER_AREA = MEMORY_BYTES - BUFFERS * BUFFER_BYTES;

export interface World {
  readonly name: string;
  readonly views: Views;
  readonly bursts: Bursts;
}

const burstModule = compileBursts();

function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
}

export function assemblyWorld(): World {
  const memory = createMemory();
  return { name: 'AssemblyScript', views: viewsOf(memory.buffer), bursts: instantiateBursts(burstModule, memory) };
}

export function referenceWorld(): World {
  const memory = createMemory();
  const views = viewsOf(memory.buffer);
  return { name: 'reference', views, bursts: referenceBursts(memory, views) };
}

export function worlds(): readonly World[] {
  return [assemblyWorld(), referenceWorld()];
}

/** Byte address of field `field` of batch entry `i`, as an index of words. */
export function entryWord(i: number, field: number): number {
  if (i >= BATCH_ENTRIES) throw new RangeError(`entry=${i}`);
  return (BATCH + BATCH_FIRST_ENTRY + i * ENTRY_BYTES + field) / 4;
}

export function descriptorWord(cursor: number, field: number): number {
  return (RING + (cursor & RING_MASK) * DESCRIPTOR_BYTES + field) / 4;
}

export function offerWord(i: number, field: number): number {
  return (OFFERS + i * OFFER_BYTES + field) / 4;
}

export function recordWord(i: number, field: number): number {
  return (TABLE + i * FRAME_RECORD_BYTES + field) / 4;
}

export function frameAddress(i: number): number {
  return FRAME_PLACES + i * FRAME_PLACE_BYTES;
}

export function bufferAddress(buffer: number): number {
  return BUFFER_AREA + buffer * BUFFER_BYTES;
}
