// Hot. Runs on: NIC.
// What the scans of both capture formats share: words in either byte order, a frame's record, its time, the counts.

import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  INTERFACE_FCS,
  SCAN_BACKWARDS,
  SCAN_LATEST,
  SCAN_PREVIOUS,
  SCAN_SLICED,
} from './layout.as';

/** The word at `address`, as whoever wrote the capture meant it. */
@inline
export function wordOf(address: usize, swapped: bool): u32 {
  const word = load<u32>(address);
  return swapped ? bswap(word) : word;
}

/** Bytes of the frame without those of a stored FCS, which lies at the end of what was on the wire. */
@inline
export function frameLength(captured: i32, original: i32, iface: usize): i32 {
  const fcs = load<i32>(iface, INTERFACE_FCS);
  const missing = original - captured;
  return <u32>missing < <u32>fcs ? max(captured - fcs + missing, 0) : captured;
}

@inline
export function writeFrame(record: usize, frame: usize, length: i32): void {
  store<usize>(record, frame, FRAME_ADDRESS);
  store<i32>(record, length, FRAME_LENGTH);
  store<u64>(record, 0, FRAME_COUNTER);
}

@inline
export function countSliced(scan: usize, captured: u32, original: u32): void {
  if (captured < original) store<i32>(scan, load<i32>(scan, SCAN_SLICED) + 1, SCAN_SLICED);
}

@inline
export function writeTime(scan: usize, time: usize, ns: f64): void {
  if (ns < load<f64>(scan, SCAN_PREVIOUS)) store<i32>(scan, load<i32>(scan, SCAN_BACKWARDS) + 1, SCAN_BACKWARDS);
  if (ns > load<f64>(scan, SCAN_LATEST)) store<f64>(scan, ns, SCAN_LATEST);
  store<f64>(scan, ns, SCAN_PREVIOUS);
  store<f64>(time, ns);
}
