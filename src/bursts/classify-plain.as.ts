// Hot. Runs on: CPU n.
// classify()'s fast path: valid, unfragmented UDP or TCP over plain IPv4. The general parser is not called from this
// loop, so that the loop keeps its registers; it looks afterwards at the entries that stay OPEN.

import { pair } from './bytes.as';
import { sum20, sumHolds } from './checksum.as';
import {
  BATCH_FIRST_ENTRY,
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  BUFFER_SHIFT,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_SHIFT,
  ENTRY_VERDICT,
  PROTOCOL_IPV4,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TALLY_TCP_FLAGS,
  VERDICT_PASS,
} from './layout.as';
import { isPlain, NETWORK, TRANSPORT, WHOLE_TCP, WHOLE_UDP, wholeProtocol } from './plain.as';
import { addTo, tallyPath } from './tally.as';
import { IPV4_BYTES, IPV4_TOTAL_LENGTH, TCP_BYTES, TCP_DATA_OFFSET, TCP_FLAGS, UDP_BYTES, UDP_LENGTH } from './wire.as';

/** The verdict of an entry that is not plain, until the general parser has seen it. */
export const OPEN: i32 = -1;

/** The least that a plain frame has. Every load here lies within, but for TCP's own. */
const GUARD: i32 = TRANSPORT + UDP_BYTES;

// Sums of a burst, at most 64 frames of 9,216 bytes: frames above, bytes below …
const FRAME: u64 = 1 << 32;
// … and eight sums of a byte each, one for each bit of the TCP flags.
const EACH_BYTE: u64 = 0x0101010101010101;
const OWN_BIT: u64 = 0x8040201008040201; // bit i in byte i
const ALL_BUT_TOP: u64 = 0x7f7f7f7f7f7f7f7f;

/** @returns how many entries stay open */
@inline
export function classifyPlain(batch: usize, count: i32, buffers: usize, tally: usize): i32 {
  const end = batch + BATCH_FIRST_ENTRY + (<usize>count << ENTRY_SHIFT);
  let udp: u64 = 0;
  let tcp: u64 = 0;
  let flags: u64 = 0;
  for (let entry = batch + BATCH_FIRST_ENTRY; entry < end; entry += ENTRY_BYTES) {
    const offset = load<i32>(entry, ENTRY_OFFSET);
    const length = load<i32>(entry, ENTRY_LENGTH);
    store<i32>(entry, OPEN, ENTRY_VERDICT);
    if (length < GUARD || offset > BUFFER_BYTES - GUARD) continue;
    const frame = buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + offset;
    const payload = plainPayload(frame, length);
    if (payload == 0) continue;
    if (isUdp(frame + NETWORK, payload)) {
      settle(entry, PROTOCOL_IPV4 | PROTOCOL_UDP);
      udp += FRAME + <u64>length;
    } else if (isTcp(frame + NETWORK, min(payload, BUFFER_BYTES - offset - TRANSPORT))) {
      settle(entry, PROTOCOL_IPV4 | PROTOCOL_TCP);
      tcp += FRAME + <u64>length;
      flags += eachBit(load<u8>(frame, TRANSPORT + TCP_FLAGS));
    }
  }
  store<i32>(batch, <i32>udp + <i32>tcp, BATCH_PASSED_BYTES);
  if (udp != 0) tallyPath(tally, PROTOCOL_IPV4 | PROTOCOL_UDP, framesOf(udp), <i32>udp);
  if (tcp != 0) tallyTcp(tally, tcp, flags);
  return count - framesOf(udp) - framesOf(tcp);
}

@inline
function framesOf(sum: u64): i32 {
  return <i32>(sum >> 32);
}

/** Bit i of `flags` as byte i, 0 or 1. */
@inline
function eachBit(flags: u64): u64 {
  return ((((flags * EACH_BYTE) & OWN_BIT) + ALL_BUT_TOP) >> 7) & EACH_BYTE;
}

function tallyTcp(tally: usize, tcp: u64, flags: u64): void {
  tallyPath(tally, PROTOCOL_IPV4 | PROTOCOL_TCP, framesOf(tcp), <i32>tcp);
  for (let bit = 0; bit < 8; bit++) addTo(tally + TALLY_TCP_FLAGS, bit, <i32>(flags >> (<u64>bit << 3)) & 0xff);
}

/** @returns the bytes of payload, at least UDP_BYTES and all in the frame; or 0 if the packet is not plain or valid */
@inline
function plainPayload(frame: usize, length: i32): i32 {
  if (!isPlain(frame)) return 0;
  const packet = frame + NETWORK;
  const total = pair(load<u8>(packet, IPV4_TOTAL_LENGTH), load<u8>(packet, IPV4_TOTAL_LENGTH + 1));
  const payload = total - IPV4_BYTES;
  if (!isWithin(payload, UDP_BYTES, length - TRANSPORT)) return 0;
  return sumHolds(sum20(packet)) ? payload : 0;
}

@inline
function isUdp(packet: usize, payload: i32): bool {
  if (wholeProtocol(packet) != WHOLE_UDP) return false;
  const high = load<u8>(packet, IPV4_BYTES + UDP_LENGTH);
  return isWithin(pair(high, load<u8>(packet, IPV4_BYTES + UDP_LENGTH + 1)), UDP_BYTES, payload);
}

/** @param room what the payload and the first buffer both have */
@inline
function isTcp(packet: usize, room: i32): bool {
  if (wholeProtocol(packet) != WHOLE_TCP || room < TCP_BYTES) return false;
  return isWithin(<i32>(load<u8>(packet, IPV4_BYTES + TCP_DATA_OFFSET) >> 4) << 2, TCP_BYTES, room);
}

/** In one comparison; `most` is not below `least`. */
@inline
function isWithin(value: i32, least: i32, most: i32): bool {
  return <u32>(value - least) <= <u32>(most - least);
}

@inline
function settle(entry: usize, protocol: i32): void {
  store<i32>(entry, VERDICT_PASS, ENTRY_VERDICT);
  store<i32>(entry, protocol, ENTRY_PROTOCOL);
  store<i32>(entry, NETWORK | (TRANSPORT << 16), ENTRY_HEADERS);
}
