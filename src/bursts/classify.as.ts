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
import { tallyFrame } from './tally.as';

export function classify(batch: usize, count: i32, buffers: usize, tally: usize): i32 {
  const open = classifyPlain(batch, count, buffers, tally);
  return open == 0 ? 0 : classifyOpen(batch, count, buffers, tally);
}

/** @returns how many of the open entries are odd */
function classifyOpen(batch: usize, count: i32, buffers: usize, tally: usize): i32 {
  let odd = 0;
  let bytes = load<i32>(batch, BATCH_PASSED_BYTES);
  for (let i = 0; i < count; i++) {
    const entry = batch + BATCH_FIRST_ENTRY + (<usize>i << ENTRY_SHIFT);
    if (load<i32>(entry, ENTRY_VERDICT) != OPEN) continue;
    if (parse(entry, buffers, tally) == VERDICT_PASS) {
      bytes += load<i32>(entry, ENTRY_LENGTH);
    } else {
      store<i32>(batch + (<usize>odd << 2), i, BATCH_ODD);
      odd++;
    }
  }
  store<i32>(batch, bytes, BATCH_PASSED_BYTES);
  return odd;
}

/** @returns the verdict */
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
  if (verdict == VERDICT_PASS) tallyFrame(tally, protocol, length, frame + (<u32>headers >> 16), 1);
  return verdict;
}
