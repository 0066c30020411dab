// Cold. Runs on: main, when no thread runs any more.
// One thread's part of a capture file, read from its first packet to its last.

import { readSync } from 'node:fs';
import { BLOCK_LENGTH, EPB_TIME_HIGH, EPB_TIME_LOW } from '../bursts/wire.js';

/** More than any block has. */
const BUFFER_BYTES = 512 * 1024;
const HEAD_BYTES = EPB_TIME_LOW + 4;

export class PartReader {
  /** The time of the packet at hand; valid until ended. */
  timeHigh = 0;
  timeLow = 0;
  ended = false;
  private readonly fd: number;
  private readonly rank: number;
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private position: number;
  private at = 0;
  private end = 0;

  /**
   * @param start where the first packet's block is, behind those that describe the file
   * @param rank of packets with one time, those of the lower rank come first
   */
  constructor(fd: number, start: number, rank: number) {
    this.fd = fd;
    this.rank = rank;
    this.position = start;
    this.look();
  }

  isBefore(other: PartReader): boolean {
    if (this.timeHigh !== other.timeHigh) return this.timeHigh < other.timeHigh;
    return this.timeLow === other.timeLow ? this.rank < other.rank : this.timeLow < other.timeLow;
  }

  /** Gives `write` the packets at hand, up to the first that comes after `limit`'s, or as many as are in memory. */
  copyUntil(limit: PartReader | null, write: (bytes: Buffer) => void): void {
    const start = this.at;
    do this.at += this.buffer.readUInt32LE(this.at + BLOCK_LENGTH);
    while (this.lookHere() && !limit?.isBefore(this));
    write(this.buffer.subarray(start, this.at));
    this.look();
  }

  /** Finds the next packet, in memory or in the file. */
  private look(): void {
    if (this.lookHere()) return;
    this.fill();
    this.ended = !this.lookHere();
  }

  /** @returns false when the next block is not all in memory */
  private lookHere(): boolean {
    if (this.end - this.at < HEAD_BYTES) return false;
    if (this.end - this.at < this.buffer.readUInt32LE(this.at + BLOCK_LENGTH)) return false;
    this.timeHigh = this.buffer.readUInt32LE(this.at + EPB_TIME_HIGH);
    this.timeLow = this.buffer.readUInt32LE(this.at + EPB_TIME_LOW);
    return true;
  }

  private fill(): void {
    this.buffer.copyWithin(0, this.at, this.end);
    this.end -= this.at;
    this.at = 0;
    const read = readSync(this.fd, this.buffer, this.end, BUFFER_BYTES - this.end, this.position);
    this.position += read;
    this.end += read;
  }
}
