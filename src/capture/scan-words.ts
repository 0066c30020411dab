// Cold. Runs on: NIC, main.
// The words by which scans and the code around them know each other (drawing in bursts/layout.ts).

import {
  INTERFACE_BASE,
  INTERFACE_BYTES,
  INTERFACE_FCS,
  INTERFACE_OFFSET,
  INTERFACE_PLAIN,
  INTERFACE_SCALE,
  SCAN_BACKWARDS,
  SCAN_FIRST_INTERFACE,
  SCAN_INTERFACES,
  SCAN_LATEST,
  SCAN_NEXT,
  SCAN_PREVIOUS,
  SCAN_SLICED,
  SCAN_SWAPPED,
} from '../bursts/layout.js';
import { baseOf, timeOf } from '../bursts/reference/scan.js';
import { DOUBLE_BYTES, WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

/** How an interface's counts become ns after the first packet. */
export interface InterfaceTime {
  readonly base: bigint;
  readonly scale: number;
  readonly offset: number;
}

export class ScanWords {
  readonly address: number;
  private readonly views: Views;

  constructor(views: Views, address: number) {
    this.views = views;
    this.address = address;
  }

  /** For a capture's first byte. */
  reset(): void {
    const first = this.address / WORD_BYTES;
    this.views.words.fill(0, first, first + SCAN_FIRST_INTERFACE / WORD_BYTES);
    this.latestNs = Number.NEGATIVE_INFINITY;
    this.previousNs = Number.NEGATIVE_INFINITY;
  }

  get next(): number {
    return this.word(SCAN_NEXT) >>> 0;
  }

  set swapped(swapped: boolean) {
    this.setWord(SCAN_SWAPPED, swapped ? 1 : 0);
  }

  set interfaces(count: number) {
    this.setWord(SCAN_INTERFACES, count);
  }

  get sliced(): number {
    return this.word(SCAN_SLICED);
  }

  get backwards(): number {
    return this.word(SCAN_BACKWARDS);
  }

  /** The latest time so far; −Infinity before the first packet. */
  get latestNs(): number {
    return this.views.doubles[(this.address + SCAN_LATEST) / DOUBLE_BYTES]!;
  }

  get previousNs(): number {
    return this.views.doubles[(this.address + SCAN_PREVIOUS) / DOUBLE_BYTES]!;
  }

  /** A section's interfaces have no times before this, and scans leave their packets alone. */
  writeInterface(number: number, fcsBytes: number): void {
    const at = this.interfaceAt(number);
    this.views.words.fill(0, at / WORD_BYTES, (at + INTERFACE_BYTES) / WORD_BYTES);
    this.views.words[(at + INTERFACE_FCS) / WORD_BYTES] = fcsBytes;
  }

  /** @param isPlain its packets are Ethernet frames: scans may take them from now on */
  writeTime(number: number, { base, scale, offset }: InterfaceTime, isPlain: boolean): void {
    const at = this.interfaceAt(number);
    const { words, doubles } = this.views;
    words[(at + INTERFACE_BASE) / WORD_BYTES] = Number(BigInt.asIntN(32, base));
    words[(at + INTERFACE_BASE) / WORD_BYTES + 1] = Number(BigInt.asIntN(32, base >> 32n));
    doubles[(at + INTERFACE_SCALE) / DOUBLE_BYTES] = scale;
    doubles[(at + INTERFACE_OFFSET) / DOUBLE_BYTES] = offset;
    words[(at + INTERFACE_PLAIN) / WORD_BYTES] = isPlain ? 1 : 0;
  }

  /** Address of an interface's record. */
  interfaceAt(number: number): number {
    return this.address + SCAN_FIRST_INTERFACE + number * INTERFACE_BYTES;
  }

  /** @param ticks what a packet of the interface says */
  timeOf(number: number, ticks: bigint): number {
    const at = this.interfaceAt(number);
    return timeOf(this.views, at, ticks - baseOf(this.views, at));
  }

  private set latestNs(ns: number) {
    this.views.doubles[(this.address + SCAN_LATEST) / DOUBLE_BYTES] = ns;
  }

  private set previousNs(ns: number) {
    this.views.doubles[(this.address + SCAN_PREVIOUS) / DOUBLE_BYTES] = ns;
  }

  private word(offset: number): number {
    return this.views.words[(this.address + offset) / WORD_BYTES]!;
  }

  private setWord(offset: number, value: number): void {
    this.views.words[(this.address + offset) / WORD_BYTES] = value;
  }
}
