// Hot. Runs on: CPU n (in tests).
// Counting in a CPU's tally, which layout.ts draws.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  COUNT_BYTES,
  COUNT_OF_BYTES,
  COUNT_OF_FRAMES,
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
} from '../layout.js';
import { ICMP_TYPE, TCP_FLAGS } from '../wire.js';
import { byteAt, setWord, wordAt } from './memory.js';

/** @param header address of the transport header, where the protocol has one; @param by 1, or -1 to take it back */
export function tallyFrame(
  views: Views,
  tally: number,
  protocol: number,
  length: number,
  header: number,
  by: number,
): void {
  const counts = tally + TALLY_COUNTS + slotOf(views, tally, protocol) * COUNT_BYTES;
  addTo(views, counts + COUNT_OF_FRAMES, 0, by);
  addTo(views, counts + COUNT_OF_BYTES, 0, by * length);
  if (protocol & PROTOCOL_TCP) {
    for (let bit = 0; bit < 8; bit++) {
      if (byteAt(views, header + TCP_FLAGS) & (1 << bit)) addTo(views, tally + TALLY_TCP_FLAGS, bit, by);
    }
  }
  if (protocol & PROTOCOL_ICMP) addTo(views, tally + TALLY_ICMP_TYPES, byteAt(views, header + ICMP_TYPE), by);
  if (protocol & PROTOCOL_ICMPV6) addTo(views, tally + TALLY_ICMPV6_TYPES, byteAt(views, header + ICMP_TYPE), by);
}

function addTo(views: Views, doubles: number, index: number, amount: number): void {
  views.doubles[doubles / DOUBLE_BYTES + index]! += amount;
}

/** The slot of a path, which takes one when it is seen for the first time. */
function slotOf(views: Views, tally: number, path: number): number {
  let slot = Math.imul(path, PATH_HASH) >>> (32 - PATH_SLOTS_LOG2);
  const pathIn = () => wordAt(views, tally + TALLY_PATHS + slot * 4);
  while (pathIn() !== path && pathIn() !== 0) slot = (slot + 1) % PATH_SLOTS;
  setWord(views, tally + TALLY_PATHS + slot * 4, path);
  return slot;
}
