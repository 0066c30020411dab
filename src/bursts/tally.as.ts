// Hot. Runs on: CPU n.
// Counting in a CPU's tally, which layout.ts draws.

import {
  COUNT_OF_BYTES,
  COUNT_OF_FRAMES,
  COUNT_SHIFT,
  PATH_HASH,
  PATH_SLOTS,
  PATH_SLOTS_LOG2,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  TALLY_COUNTS,
  TALLY_ICMP_TYPES,
  TALLY_ICMPV6_TYPES,
  TALLY_PATHS,
  TALLY_TCP_FLAGS,
} from './layout.as';
import { ICMP_TYPE, TCP_FLAGS } from './wire.as';

/** Whose headers are counted in their own way, too. */
export const TALLIED: i32 = PROTOCOL_TCP | PROTOCOL_ICMP | PROTOCOL_ICMPV6;

/** @param header the transport header of one that is TALLIED; @param by 1, or -1 to take it back */
export function tallyHeader(tally: usize, protocol: i32, header: usize, by: i32): void {
  if (protocol & PROTOCOL_TCP) {
    const flags: i32 = load<u8>(header, TCP_FLAGS);
    for (let bits = flags; bits != 0; bits &= bits - 1) addTo(tally + TALLY_TCP_FLAGS, ctz(bits), by);
  } else {
    const types = protocol & PROTOCOL_ICMP ? TALLY_ICMP_TYPES : TALLY_ICMPV6_TYPES;
    addTo(tally + types, load<u8>(header, ICMP_TYPE), by);
  }
}

export function tallyPath(tally: usize, path: i32, frames: i32, bytes: i32): void {
  const counts = tally + TALLY_COUNTS + (<usize>slotOf(tally, path) << COUNT_SHIFT);
  store<f64>(counts, load<f64>(counts, COUNT_OF_FRAMES) + <f64>frames, COUNT_OF_FRAMES);
  store<f64>(counts, load<f64>(counts, COUNT_OF_BYTES) + <f64>bytes, COUNT_OF_BYTES);
}

@inline
export function addTo(doubles: usize, index: i32, amount: i32): void {
  const counter = doubles + (<usize>index << 3);
  store<f64>(counter, load<f64>(counter) + <f64>amount);
}

/** The slot of a path, which takes one when it is seen for the first time. */
@inline
function slotOf(tally: usize, path: i32): i32 {
  let slot: i32 = <u32>(path * PATH_HASH) >> (32 - PATH_SLOTS_LOG2);
  let found = load<i32>(tally + (slot << 2), TALLY_PATHS);
  while (found != path && found != 0) {
    slot = (slot + 1) & (PATH_SLOTS - 1);
    found = load<i32>(tally + (slot << 2), TALLY_PATHS);
  }
  if (found == 0) store<i32>(tally + (slot << 2), path, TALLY_PATHS);
  return slot;
}
