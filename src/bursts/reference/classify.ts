// Hot. Runs on: CPU n (in tests).
// Entries → verdict, protocol, headers.

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
  PROTOCOL_IPV4,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  VERDICT_PASS,
} from '../layout.js';
import { findEthernet } from './headers.js';
import { addressAt, setWord, wordAt } from './memory.js';
import { tallyFrame } from './tally.js';

const PLAIN_PATHS = [PROTOCOL_IPV4 | PROTOCOL_UDP, PROTOCOL_IPV4 | PROTOCOL_TCP];

export function classify(views: Views, batch: number, count: number, buffers: number, tally: number): number {
  const entries = Array.from({ length: count }, (_, i) => batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES);
  const verdicts = entries.map((entry) => parse(views, entry, buffers));
  const passed = entries.filter((_, i) => verdicts[i] === VERDICT_PASS);
  const odd = entries.flatMap((_, i) => (verdicts[i] === VERDICT_PASS ? [] : [i]));
  const bytes = passed.reduce((sum, entry) => sum + wordAt(views, entry + ENTRY_LENGTH), 0);
  odd.forEach((index, i) => {
    setWord(views, batch + BATCH_ODD + i * 4, index);
  });
  setWord(views, batch + BATCH_PASSED_BYTES, bytes);
  for (const entry of inOrderOfTally(views, passed)) tallyEntry(views, entry, buffers, tally);
  return odd.length;
}

/** As the twin counts, for whoever comes first gets the first slot: all of each plain path, then frame by frame. */
function inOrderOfTally(views: Views, entries: readonly number[]): number[] {
  const rank = (entry: number) => {
    const plain = PLAIN_PATHS.indexOf(wordAt(views, entry + ENTRY_PROTOCOL));
    return plain < 0 ? PLAIN_PATHS.length : plain;
  };
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

function tallyEntry(views: Views, entry: number, buffers: number, tally: number): void {
  const protocol = wordAt(views, entry + ENTRY_PROTOCOL);
  const transport = wordAt(views, entry + ENTRY_HEADERS) >>> 16;
  const header = frameAddress(views, entry, buffers) + transport;
  tallyFrame(views, tally, protocol, wordAt(views, entry + ENTRY_LENGTH), header, 1);
}

/** @returns the verdict */
function parse(views: Views, entry: number, buffers: number): number {
  const offset = wordAt(views, entry + ENTRY_OFFSET);
  const length = wordAt(views, entry + ENTRY_LENGTH);
  const frame = {
    views,
    address: frameAddress(views, entry, buffers),
    visible: Math.min(length, BUFFER_BYTES - offset),
    length,
  };
  const { verdict, protocol, network, transport } = findEthernet(frame);
  setWord(views, entry + ENTRY_VERDICT, verdict);
  setWord(views, entry + ENTRY_PROTOCOL, protocol);
  setWord(views, entry + ENTRY_HEADERS, network | (transport << 16));
  return verdict;
}

export function frameAddress(views: Views, entry: number, buffers: number): number {
  return buffers + addressAt(views, entry + ENTRY_BUFFER) * BUFFER_BYTES + wordAt(views, entry + ENTRY_OFFSET);
}
