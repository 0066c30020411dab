// Hot. Runs on: CPU n.
// What the parser found, as one number, because a function returns only one: protocol bits 0–25, verdict 26–31,
// network header 32–47, transport header 48–63.

import { PROTOCOL_BITS } from './layout.as';

@inline
export function finding(verdict: i32, protocol: i32, network: i32, transport: i32): u64 {
  return <u64>(<u32>(protocol | (verdict << PROTOCOL_BITS))) | (<u64>(<u32>(network | (transport << 16))) << 32);
}

@inline
export function verdictOf(finding: u64): i32 {
  return <i32>(<u32>finding >> PROTOCOL_BITS);
}

@inline
export function protocolOf(finding: u64): i32 {
  return <i32>finding & ((1 << PROTOCOL_BITS) - 1);
}

@inline
export function headersOf(finding: u64): i32 {
  return <i32>(finding >> 32);
}
