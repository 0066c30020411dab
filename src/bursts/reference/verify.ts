// Hot. Runs on: CPU n (in tests).
// Checksums of UDP and TCP over the whole datagram, of entries that passed; what does not hold passes no longer.

import type { Views } from '../../memory/views.js';
import {
  BATCH_FIRST_ENTRY,
  BATCH_ODD,
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  ENTRY_BYTES,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV4,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  VERDICT_PASS,
  VERDICT_TCP_CHECKSUM,
  VERDICT_UDP_CHECKSUM,
} from '../layout.js';
import { UDP_CHECKSUM, UDP_LENGTH } from '../wire.js';
import { frameAddress } from './classify.js';
import { oneComplementSum } from './ipv4.js';
import { addressAt, pairAt, setWord, wordAt } from './memory.js';
import { finalDestination, payloadBytes, pseudoHeader } from './pseudo.js';
import { tallyFrame } from './tally.js';

export function verify(
  views: Views,
  batch: number,
  count: number,
  buffers: number,
  links: number,
  tally: number,
): number {
  let odd = 0;
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;
    if (wordAt(views, entry + ENTRY_VERDICT) === VERDICT_PASS) {
      if (holds(views, entry, buffers, links)) continue;
      refuse(views, entry, buffers, batch, tally);
    }
    setWord(views, batch + BATCH_ODD + odd * 4, i);
    odd++;
  }
  return odd;
}

/** True also where there is nothing to check: no UDP or TCP, a fragment, no checksum; and where its pseudo-header is not known. */
function holds(views: Views, entry: number, buffers: number, links: number): boolean {
  const protocol = wordAt(views, entry + ENTRY_PROTOCOL);
  if ((protocol & (PROTOCOL_UDP | PROTOCOL_TCP)) === 0 || (protocol & PROTOCOL_FRAGMENT) !== 0) return true;
  const { network, transport } = headersOf(views, entry);
  const frame = frameAddress(views, entry, buffers);
  const packet = frame + network;
  const isUdp = (protocol & PROTOCOL_UDP) !== 0;
  if (isUdp && pairAt(views, frame + transport + UDP_CHECKSUM) === 0) return (protocol & PROTOCOL_IPV4) !== 0;
  const destination = finalDestination(views, packet, protocol, transport - network);
  if (destination === null) return true;
  const payload = payloadBytes(views, packet, protocol, transport - network);
  const length = isUdp ? pairAt(views, frame + transport + UDP_LENGTH) : payload;
  const pseudo = pseudoHeader(views, packet, protocol, destination, length);
  const datagram = bytesOf(views, entry, buffers, links).subarray(transport, transport + length);
  return oneComplementSum(datagram, oneComplementSum(pseudo)) === 0xffff;
}

/** Takes back what classify() counted of the entry. */
function refuse(views: Views, entry: number, buffers: number, batch: number, tally: number): void {
  const protocol = wordAt(views, entry + ENTRY_PROTOCOL);
  const length = wordAt(views, entry + ENTRY_LENGTH);
  setWord(views, entry + ENTRY_VERDICT, protocol & PROTOCOL_UDP ? VERDICT_UDP_CHECKSUM : VERDICT_TCP_CHECKSUM);
  setWord(views, batch + BATCH_PASSED_BYTES, wordAt(views, batch + BATCH_PASSED_BYTES) - length);
  const header = frameAddress(views, entry, buffers) + headersOf(views, entry).transport;
  tallyFrame(views, tally, protocol, length, header, -1);
}

function headersOf(views: Views, entry: number): { readonly network: number; readonly transport: number } {
  const headers = wordAt(views, entry + ENTRY_HEADERS);
  return { network: headers & 0xffff, transport: headers >>> 16 };
}

/** All bytes of the frame, out of all its buffers. */
function bytesOf(views: Views, entry: number, buffers: number, links: number): Uint8Array {
  const bytes = new Uint8Array(wordAt(views, entry + ENTRY_LENGTH));
  let [from, room] = [frameAddress(views, entry, buffers), BUFFER_BYTES - wordAt(views, entry + ENTRY_OFFSET)];
  let next = addressAt(views, entry + ENTRY_NEXT);
  for (let done = 0; done < bytes.length; ) {
    const size = Math.min(bytes.length - done, room);
    bytes.set(views.bytes.subarray(from, from + size), done);
    done += size;
    [from, room] = [buffers + next * BUFFER_BYTES, BUFFER_BYTES];
    next = addressAt(views, links + next * 4);
  }
  return bytes;
}
