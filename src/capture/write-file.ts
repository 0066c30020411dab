// Cold. Runs on: main.

import { writeSync } from 'node:fs';

/** All of it: a file that takes only a part of it says why at the next attempt. @throws Error of the system */
export function writeWhole(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.length - done, at);
  }
}
