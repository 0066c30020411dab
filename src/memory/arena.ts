// Cold. Runs on: main, at start.
// Hands out regions of the shared memory before it exists, and keeps the sum that explains its size.

import { alignUp, CACHE_LINE_BYTES } from './layout.js';

export interface Region {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

export class Arena {
  private readonly list: Region[] = [];
  private end = 0;

  /** Reserves `bytes` at a multiple of `alignment` (a power of two, at least a cache line). @returns the byte address */
  reserve(name: string, bytes: number, alignment = CACHE_LINE_BYTES): number {
    const address = alignUp(this.end, alignment);
    this.list.push({ name, address, bytes });
    this.end = address + bytes;
    return address;
  }

  /** Bytes up to the end of the last region. */
  get bytes(): number {
    return this.end;
  }

  get regions(): readonly Region[] {
    return this.list;
  }

  /** The sum, a line a region, largest needs visible at once. */
  describe(): string {
    const lines = this.list.map(({ name, bytes }) => `${String(bytes).padStart(12)}  ${name}`);
    return [...lines, `${String(this.end).padStart(12)}  in all (alignment included)`].join('\n');
  }
}
