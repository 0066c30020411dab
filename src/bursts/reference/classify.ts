// Hot. Runs on: CPU n (in tests).
// Entries → verdict, protocol, headers.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  BATCH_FIRST_ENTRY,
  BATCH_ODD,
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  PROTOCOL_BITS,
  VERDICT_PASS,
} from '../layout.js';
import { findEthernet } from './headers.js';
import { addressAt, setWord, wordAt } from './memory.js';

export function classify(views: Views, batch: number, count: number, buffers: number, counters: number): number {
  let odd = 0;
  let passedBytes = 0;
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;
    if (parse(views, entry, buffers) === VERDICT_PASS) {
      passedBytes += wordAt(views, entry + ENTRY_LENGTH);
      countBits(views, counters, wordAt(views, entry + ENTRY_PROTOCOL));
    } else {
      setWord(views, batch + BATCH_ODD + odd * 4, i);
      odd++;
    }
  }
  setWord(views, batch + BATCH_PASSED_BYTES, passedBytes);
  return odd;
}

/** @returns the verdict */
function parse(views: Views, entry: number, buffers: number): number {
  const offset = wordAt(views, entry + ENTRY_OFFSET);
  const length = wordAt(views, entry + ENTRY_LENGTH);
  const frame = {
    views,
    address: buffers + addressAt(views, entry + ENTRY_BUFFER) * BUFFER_BYTES + offset,
    visible: Math.min(length, BUFFER_BYTES - offset),
    length,
  };
  const { verdict, protocol, network, transport } = findEthernet(frame);
  setWord(views, entry + ENTRY_VERDICT, verdict);
  setWord(views, entry + ENTRY_PROTOCOL, protocol);
  setWord(views, entry + ENTRY_HEADERS, network | (transport << 16));
  return verdict;
}

function countBits(views: Views, counters: number, protocol: number): void {
  for (let bit = 0; bit < PROTOCOL_BITS; bit++) {
    if (protocol & (1 << bit)) views.doubles[counters / DOUBLE_BYTES + bit]! += 1;
  }
}
