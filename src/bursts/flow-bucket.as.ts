// Hot. Runs on: CPU n.
// One bucket of a flow table: finding a flow, making room for one.

import {
  BUCKET_COUNTS,
  BUCKET_FLOWS,
  BUCKET_SLOTS,
  FLOW_ERROR,
  FLOW_PACKETS,
  FLOW_SHIFT,
  FLOWS_EVICTED,
  FLOWS_EVICTIONS,
  KEY_DESTINATION,
  KEY_PORTS,
  KEY_SOURCE,
  SEEN_HASH,
} from './layout.as';

/** No flow of the bucket. */
export const NOWHERE: i32 = -1;

/** The place of the record's flow in its bucket, or NOWHERE. */
@inline
export function placeOf(bucket: usize, record: usize): i32 {
  for (let places = tagged(bucket, load<u32>(record, SEEN_HASH)); places != 0; places &= places - 1) {
    const place = ctz(places);
    if (isSame(slotOf(bucket, place), record)) return place;
  }
  return NOWHERE;
}

/** The places with this tag, a bit each. */
@inline
export function tagged(bucket: usize, tag: u32): i32 {
  const wanted = i32x4.splat(tag);
  const low = i16x8.narrow_i32x4_s(i32x4.eq(v128.load(bucket), wanted), i32x4.eq(v128.load(bucket, 16), wanted));
  const high = i16x8.narrow_i32x4_s(i32x4.eq(v128.load(bucket, 32), wanted), i32x4.eq(v128.load(bucket, 48), wanted));
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

@inline
export function slotOf(bucket: usize, place: i32): usize {
  return bucket + BUCKET_SLOTS + (<usize>place << FLOW_SHIFT);
}

/** The double that counts a flow's bytes. */
@inline
export function bytesOf(bucket: usize, place: i32): usize {
  return bucket + BUCKET_COUNTS + (<usize>place << 3);
}

@inline
function isSame(slot: usize, key: usize): bool {
  const sources = v128.xor(v128.load(slot, KEY_SOURCE), v128.load(key, KEY_SOURCE));
  const destinations = v128.xor(v128.load(slot, KEY_DESTINATION), v128.load(key, KEY_DESTINATION));
  return load<u64>(slot, KEY_PORTS) == load<u64>(key, KEY_PORTS) && !v128.any_true(v128.or(sources, destinations));
}

/** Gives the record's flow a free place, or that of the smallest. @returns the place, with nothing of the flow's own */
export function newPlace(table: usize, bucket: usize, record: usize): i32 {
  const free = tagged(bucket, 0);
  const place = free != 0 ? ctz(free) : evict(table, bucket);
  const slot = slotOf(bucket, place);
  v128.store(slot, v128.load(record, KEY_SOURCE), KEY_SOURCE);
  v128.store(slot, v128.load(record, KEY_DESTINATION), KEY_DESTINATION);
  store<u64>(slot, load<u64>(record, KEY_PORTS), KEY_PORTS);
  store<f64>(slot, 0, FLOW_PACKETS);
  store<f64>(slot, load<f64>(bytesOf(bucket, place)), FLOW_ERROR);
  store<u32>(bucket + (<usize>place << 2), load<u32>(record, SEEN_HASH));
  return place;
}

/** @returns the place of the flow with the fewest bytes, the first of equals */
function evict(table: usize, bucket: usize): i32 {
  let smallest = 0;
  for (let place = 1; place < BUCKET_FLOWS; place++) {
    if (load<f64>(bytesOf(bucket, place)) < load<f64>(bytesOf(bucket, smallest))) smallest = place;
  }
  add(table + FLOWS_EVICTIONS, 1);
  add(table + FLOWS_EVICTED, load<f64>(slotOf(bucket, smallest), FLOW_PACKETS));
  return smallest;
}

@inline
export function add(double: usize, amount: f64): void {
  store<f64>(double, load<f64>(double) + amount);
}
