// Hot. Runs on: NIC, once per burst.
// A table of frames that are sent again and again, without end: a generator's.

import type { FrameSource } from './device.js';

export class RepeatedFrames implements FrameSource {
  readonly table: number;
  readonly tableLength: number;
  readonly ended = false;
  readonly retryNs = 0;
  position = 0;

  constructor(table: number, tableLength: number) {
    this.table = table;
    this.tableLength = tableLength;
  }

  ready(max: number): number {
    return max;
  }

  advance(count: number): void {
    this.position = (this.position + count) % this.tableLength;
  }

  close(): null {
    return null;
  }
}
