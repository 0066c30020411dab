// Cold. Runs on: main at a stop; the SCHED holder with --check-buffers.
// Finds every buffer of a pool in exactly one place.

import type { Views } from '../memory/views.js';
import { readBufferPool } from './buffer-pool.js';
import { readRxRing } from './rx-ring.js';

/**
 * @param rings addresses of the rings that this pool feeds
 * @param elsewhere ids of buffers, of this pool or others, that were found in backlogs
 * @throws Error naming the first buffer that is in no place, or in two
 */
export function assertBuffersOnce(
  views: Views,
  pool: number,
  links: number,
  rings: readonly number[],
  elsewhere: readonly number[],
): void {
  const { first, capacity, idle } = readBufferPool(views, pool, links);
  const places = new Map<number, string>();
  const note = (id: number, place: string) => {
    const before = places.get(id);
    if (before !== undefined) throw new Error(`buffer ${id} is in two places: ${before} and ${place}`);
    if (id < first || id >= first + capacity) throw new Error(`${place} holds buffer ${id}, which is not of this pool`);
    places.set(id, place);
  };
  for (const id of idle) note(id, 'the pool');
  for (const ring of rings) for (const id of readRxRing(views, ring).buffers) note(id, 'the ring');
  for (const id of elsewhere) if (id >= first && id < first + capacity) note(id, 'a backlog');
  for (let id = first; id < first + capacity; id += 1) {
    if (!places.has(id)) throw new Error(`buffer ${id} is in no place`);
  }
}
