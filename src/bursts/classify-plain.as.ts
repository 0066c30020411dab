// Hot. Runs on: CPU n.
// classify()'s fast path: valid, unfragmented UDP or TCP over plain IPv4. The general parser is not called from this
// loop, so that the loop keeps its registers; it looks afterwards at the entries that stay OPEN.

import { pair } from './bytes.as';
import { sum20, sumHolds } from './checksum.as';
import { addTo } from './counters.as';
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
  VERDICT_PASS,
} from './layout.as';
import { isPlain, NETWORK, TRANSPORT, WHOLE_TCP, WHOLE_UDP, wholeProtocol } from './plain.as';
import { IPV4_BYTES, IPV4_TOTAL_LENGTH, TCP_BYTES, TCP_DATA_OFFSET, UDP_BYTES, UDP_LENGTH } from './wire.as';

/** The verdict of an entry that is not plain, until the general parser has seen it. */
export const OPEN: i32 = -1;

/** The least that a plain frame has. Every load here lies within, but for TCP's own. */
const GUARD: i32 = TRANSPORT + UDP_BYTES;

/** @returns how many entries stay open */
@inline
export function classifyPlain(batch: usize, count: i32, buffers: usize, counters: usize): i32 {
  const end = batch + BATCH_FIRST_ENTRY + (<usize>count << ENTRY_SHIFT);
  let udp = 0;
  let tcp = 0;
  let bytes = 0;
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
      udp++;
    } else if (isTcp(frame + NETWORK, min(payload, BUFFER_BYTES - offset - TRANSPORT))) {
      settle(entry, PROTOCOL_IPV4 | PROTOCOL_TCP);
      tcp++;
    } else continue;
    bytes += length;
  }
  store<i32>(batch, bytes, BATCH_PASSED_BYTES);
  addTo(counters, PROTOCOL_IPV4, udp + tcp);
  addTo(counters, PROTOCOL_UDP, udp);
  addTo(counters, PROTOCOL_TCP, tcp);
  return count - udp - tcp;
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
