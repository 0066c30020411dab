// Cold. Runs on: main, when no thread runs any more.
// Puts the parts of a capture file together in the order of their times. Each part is in order already.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeWhole } from './write-file.js';
import { PartReader } from './write-part.js';

const BUFFER_BYTES = 1024 * 1024;

/** Gathers what is written in small pieces. */
class Output {
  readonly write = (bytes: Buffer) => this.add(bytes);
  private readonly fd: number;
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private filled = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  flush(): void {
    writeWhole(this.fd, this.buffer.subarray(0, this.filled));
    this.filled = 0;
  }

  private add(bytes: Buffer): void {
    if (this.filled + bytes.length > BUFFER_BYTES) this.flush();
    bytes.copy(this.buffer, this.filled);
    this.filled += bytes.length;
  }
}

/**
 * Appends the packets of all parts to the file. Packets of one time keep the order of the parts. Lets the process do other
 * things between two megabytes.
 * @param start where the first packet is in each part
 * @param progress called with the bytes written since the last call
 * @throws Error of the system
 */
export async function mergeParts(
  parts: readonly number[],
  start: number,
  fd: number,
  progress: (bytes: number) => void,
): Promise<void> {
  let left = parts.map((part, rank) => new PartReader(part, start, rank)).filter((part) => !part.ended);
  const output = new Output(fd);
  let written = 0;
  const write = (bytes: Buffer) => {
    output.write(bytes);
    written += bytes.length;
  };
  while (left.length > 0) {
    const [first, second] = earliest(left);
    first.copyUntil(second, write);
    if (first.ended) left = left.filter((part) => part !== first);
    if (written < BUFFER_BYTES) continue;
    progress(written);
    written = 0;
    await nextTurn();
  }
  output.flush();
}

/** The part whose packet comes first, and the time at which another's turn comes. */
function earliest(parts: readonly PartReader[]): [first: PartReader, second: PartReader | null] {
  let first = parts[0]!;
  let second: PartReader | null = null;
  for (const part of parts.slice(1)) {
    if (part.isBefore(first)) [first, second] = [part, first];
    else if (second === null || part.isBefore(second)) second = part;
  }
  return [first, second];
}
