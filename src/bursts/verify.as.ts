// Hot. Runs on: CPU n.
// Checksums of UDP and TCP over the whole datagram, of entries that passed; what does not hold passes no longer.

import { word } from './bytes.as';
import { fold } from './checksum.as';
import { datagramSum } from './datagram.as';
import {
  BATCH_FIRST_ENTRY,
  BATCH_ODD,
  BATCH_PASSED_BYTES,
  BUFFER_SHIFT,
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_SHIFT,
  ENTRY_VERDICT,
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  VERDICT_PASS,
  VERDICT_TCP_CHECKSUM,
  VERDICT_UDP_CHECKSUM,
} from './layout.as';
import { finalDestination, payloadBytes, pseudoSum } from './pseudo.as';
import { TALLIED, tallyHeader, tallyPath } from './tally.as';
import { IP_PROTOCOL_TCP, IP_PROTOCOL_UDP, UDP_CHECKSUM, UDP_LENGTH } from './wire.as';

const ALL_ONES: u32 = 0xffff;

export function verify(batch: usize, count: i32, buffers: usize, links: usize, tally: usize): i32 {
  let odd = 0;
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + (<usize>i << ENTRY_SHIFT);
    if (load<i32>(entry, ENTRY_VERDICT) == VERDICT_PASS) {
      const frame = buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + load<i32>(entry, ENTRY_OFFSET);
      if (holds(entry, frame, buffers, links)) continue;
      refuse(entry, frame, batch, tally);
    }
    store<i32>(batch + (<usize>odd << 2), i, BATCH_ODD);
    odd++;
  }
  return odd;
}

/** True also where there is nothing to check: no UDP or TCP, a fragment, no checksum; and where its pseudo-header is not known. */
function holds(entry: usize, frame: usize, buffers: usize, links: usize): bool {
  const protocol = load<i32>(entry, ENTRY_PROTOCOL);
  if (!(protocol & (PROTOCOL_UDP | PROTOCOL_TCP)) || protocol & PROTOCOL_FRAGMENT) return true;
  const headers = load<u32>(entry, ENTRY_HEADERS);
  const packet = frame + (headers & 0xffff);
  const transport = headers >> 16;
  const header = frame + transport;
  const isUdp = (protocol & PROTOCOL_UDP) != 0;
  // None was sent (RFC 768), which IPv6 forbids (RFC 8200 §8.1).
  if (isUdp && word(header + UDP_CHECKSUM) == 0) return !(protocol & PROTOCOL_IPV6);
  const ipBytes = transport - (headers & 0xffff);
  const destination = finalDestination(packet, protocol, ipBytes);
  if (destination == 0) return true;
  const length = isUdp ? word(header + UDP_LENGTH) : payloadBytes(packet, protocol, ipBytes);
  const pseudo = pseudoSum(packet, protocol, destination, isUdp ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP, length);
  return fold(pseudo + datagramSum(entry, buffers, links, transport, length)) == ALL_ONES;
}

/** Takes back what classify() counted of the entry. */
function refuse(entry: usize, frame: usize, batch: usize, tally: usize): void {
  const protocol = load<i32>(entry, ENTRY_PROTOCOL);
  const length = load<i32>(entry, ENTRY_LENGTH);
  store<i32>(entry, protocol & PROTOCOL_UDP ? VERDICT_UDP_CHECKSUM : VERDICT_TCP_CHECKSUM, ENTRY_VERDICT);
  store<i32>(batch, load<i32>(batch, BATCH_PASSED_BYTES) - length, BATCH_PASSED_BYTES);
  tallyPath(tally, protocol, -1, -length);
  if (protocol & TALLIED) tallyHeader(tally, protocol, frame + (load<u32>(entry, ENTRY_HEADERS) >> 16), -1);
}
