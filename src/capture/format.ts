// Cold. Runs on: NIC, main.
// What the reader asks of a format, and what it gives it.

import type { Bursts } from '../bursts/bursts.js';
import { CaptureError } from './capture-error.js';
import type { FrameList } from './frame-list.js';
import type { ScanWords } from './scan-words.js';
import type { Epoch } from './times.js';
import type { Window } from './window.js';

export type ScanBursts = Pick<Bursts, 'scanPcap' | 'scanPcapng'>;

/** One capture that is being read. */
export interface Reading {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly window: Window;
  readonly frames: FrameList;
  readonly scan: ScanWords;
  readonly bursts: ScanBursts;
  readonly epoch: Epoch;
}

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng';
  /** Blocks that were passed over. */
  readonly skippedBlocks: number;
  /** Puts a run of ordinary packets, from the window's position on, into the frame list. */
  scanRun(): void;
  /**
   * Deals with the one thing that stands at the window's position; there is room for a frame.
   * @returns 0 when it did; else how many bytes must lie there first
   * @throws CaptureError
   */
  readOne(): number;
  /** The capture ends here, within what readOne() wanted. @throws CaptureError when it breaks off */
  end(): void;
}

/** @param problem what is wrong with what stands at the window's position; continues a sentence */
export function faultHere({ path, window, frames }: Reading, what: string, problem: string): CaptureError {
  const number = what === 'packet' ? `packet ${frames.total + 1}` : what;
  return new CaptureError(path, `${number} at ${window.place} ${problem}`);
}
