// Cold. Runs on: NIC, main.
// The bytes of a file, or of a pipe that is looked at without waiting.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type ByteSource, DRY, END } from './byte-source.js';
import { CaptureError } from './capture-error.js';

/** How the user names standard input. */
export const STDIN = '-';
const STDIN_DESCRIPTOR = 0;
/** What stands behind descriptor 0. Opened anew, the flag is set for us alone, not for all who share the pipe. */
export const STDIN_PATH = '/proc/self/fd/0';

/**
 * Can be read from its beginning as often as one likes. Asked without opening it: whoever waits for a reader of a pipe would
 * take us for one.
 * @throws CaptureError for what is not there, or is a directory
 */
export function isRegular(path: string): boolean {
  if (path === STDIN) return false;
  const stats = statOf(path);
  if (stats.isDirectory()) throw new CaptureError(path, 'this is a directory; a capture file is needed');
  return stats.isFile();
}

/** @throws CaptureError for what may not be read */
export function openBytes(path: string): FileBytes {
  const descriptor = path === STDIN ? openStdin() : open(path, path);
  return new FileBytes(path, descriptor, fstatSync(descriptor));
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function open(name: string, path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** What cannot be opened again is read as it is: whoever starts us has made that a read does not wait. */
function openStdin(): number {
  try {
    return open(STDIN, STDIN_PATH);
  } catch {
    return STDIN_DESCRIPTOR;
  }
}

function unreadable(name: string, error: unknown): CaptureError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new CaptureError(name, 'there is no such file');
  if (code === 'EACCES') return new CaptureError(name, 'this user may not read the file');
  return new CaptureError(name, `the file cannot be read: ${message}`);
}

export class FileBytes implements ByteSource {
  /** A regular file: it has a length, and can be read again. */
  readonly regular: boolean;
  /** Bytes of a regular file; else 0. */
  readonly length: number;
  private readonly path: string;
  private readonly descriptor: number;
  private readonly awaitsWriter: boolean;
  private position = 0;

  constructor(path: string, descriptor: number, stats: Stats) {
    this.path = path;
    this.descriptor = descriptor;
    this.regular = stats.isFile();
    this.length = this.regular ? stats.size : 0;
    this.awaitsWriter = stats.isFIFO() && path !== STDIN;
  }

  read(bytes: Uint8Array, at: number, length: number): number {
    const count = this.readSome(bytes, at, length);
    if (count > 0) this.position += count;
    // A named pipe that nobody has opened for writing yet reads as if it had ended.
    return count === END && this.awaitsWriter && this.position === 0 ? DRY : count;
  }

  rewind(): boolean {
    if (this.regular) this.position = 0;
    return this.regular;
  }

  close(): void {
    if (this.descriptor !== STDIN_DESCRIPTOR) closeSync(this.descriptor);
  }

  private readSome(bytes: Uint8Array, at: number, length: number): number {
    try {
      return readSync(this.descriptor, bytes, at, length, this.regular ? this.position : null);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return DRY;
      if (code === 'EOF') return END; // Windows says so of a pipe that was closed
      throw new CaptureError(this.path, `the file cannot be read from byte ${this.position} on: ${message}`);
    }
  }
}
