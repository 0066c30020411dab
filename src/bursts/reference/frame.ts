// Hot. Runs on: CPU n (in tests).
// What the parsers pass to each other.

import type { Views } from '../../memory/views.js';
import { VERDICT_PASS } from '../layout.js';
import { byteAt, pairAt } from './memory.js';

export interface Frame {
  readonly views: Views;
  readonly address: number;
  /** How many bytes of it lie in its first buffer: none beyond is read. */
  readonly visible: number;
  /** All its bytes: against these the headers' own lengths are checked. */
  readonly length: number;
}

/** How far the parser came: bits of PROTOCOL_*, and the headers' offsets from the start of the frame, or 0. */
export interface Finding {
  readonly verdict: number;
  readonly protocol: number;
  readonly network: number;
  readonly transport: number;
}

export function finding(verdict: number, protocol: number, network = 0, transport = 0): Finding {
  return { verdict, protocol, network, transport };
}

export function passed(protocol: number, network = 0, transport = 0): Finding {
  return finding(VERDICT_PASS, protocol, network, transport);
}

export function byteOf(frame: Frame, at: number): number {
  return byteAt(frame.views, frame.address + at);
}

export function pairOf(frame: Frame, at: number): number {
  return pairAt(frame.views, frame.address + at);
}
