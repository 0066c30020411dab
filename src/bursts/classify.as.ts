// Hot. Runs on: CPU n.
// Entries → verdict, protocol, headers: first the plain ones, then what is left.

import { classifyPlain, OPEN } from './classify-plain.as';
import { headersOf, protocolOf, verdictOf } from './finding.as';
import { findEthernet } from './headers.as';
import {
  BATCH_FIRST_ENTRY,
  BATCH_ODD,
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  BUFFER_SHIFT,
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_SHIFT,
  ENTRY_VERDICT,
  VERDICT_PASS,
} from './layout.as';
import { TALLIED, tallyHeader, tallyPath } from './tally.as';

export function classify(batch: usize, count: i32, buffers: usize, tally: usize): i32 {
  const open = classifyPlain(batch, count, buffers, tally);
  return open == 0 ? 0 : classifyOpen(batch, count, buffers, tally);
}

/** @returns how many of the open entries are odd */
function classifyOpen(batch: usize, count: i32, buffers: usize, tally: usize): i32 {
  let odd = 0;
  // Frames on one path often follow each other: these are not in the tally yet.
  let path = 0;
  let frames = 0;
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + (<usize>i << ENTRY_SHIFT);
    if (load<i32>(entry, ENTRY_VERDICT) != OPEN) continue;
    if (parse(entry, buffers, tally) != VERDICT_PASS) {
      store<i32>(batch + (<usize>odd << 2), i, BATCH_ODD);
      odd++;
      continue;
    }
    const protocol = load<i32>(entry, ENTRY_PROTOCOL);
    if (protocol != path) {
      if (frames > 0) settlePath(batch, tally, path, frames, bytes);
      path = protocol;
      frames = 0;
      bytes = 0;
    }
    frames++;
    bytes += load<i32>(entry, ENTRY_LENGTH);
  }
  if (frames > 0) settlePath(batch, tally, path, frames, bytes);
  return odd;
}

function settlePath(batch: usize, tally: usize, path: i32, frames: i32, bytes: i32): void {
  tallyPath(tally, path, frames, bytes);
  store<i32>(batch, load<i32>(batch, BATCH_PASSED_BYTES) + bytes, BATCH_PASSED_BYTES);
}

/** Counts what is not counted by path. @returns the verdict */
@inline
function parse(entry: usize, buffers: usize, tally: usize): i32 {
  const offset = load<i32>(entry, ENTRY_OFFSET);
  const length = load<i32>(entry, ENTRY_LENGTH);
  const frame = buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + offset;
  const finding = findEthernet(frame, min(length, BUFFER_BYTES - offset), length);
  const verdict = verdictOf(finding);
  const protocol = protocolOf(finding);
  const headers = headersOf(finding);
  store<i32>(entry, verdict, ENTRY_VERDICT);
  store<i32>(entry, protocol, ENTRY_PROTOCOL);
  store<i32>(entry, headers, ENTRY_HEADERS);
  if (verdict == VERDICT_PASS && protocol & TALLIED) tallyHeader(tally, protocol, frame + (<u32>headers >> 16), 1);
  return verdict;
}
