// Cold. Runs on: NIC, main.
// What a gzip stream holds, inflated piece by piece.

import { type ByteSource, DRY, END } from './byte-source.js';
import { CaptureError } from './capture-error.js';

/** Inflates one gzip file, which may have several members. Comes from outside: third-party code has no place here. */
export interface Inflater {
  /** @returns all that came of `piece` @throws Error when the stream is corrupt */
  write(piece: Uint8Array): readonly Uint8Array[];
  /** No more will be written. @throws Error when the stream breaks off */
  end(): readonly Uint8Array[];
}

export type InflaterFactory = () => Inflater;

/** A byte of input can become 1,032 of output: so a piece never becomes more than a mebibyte. */
const PIECE_BYTES = 1024;

export class GzipBytes implements ByteSource {
  private readonly path: string;
  private readonly compressed: ByteSource;
  private readonly makeInflater: InflaterFactory;
  private readonly piece = new Uint8Array(PIECE_BYTES);
  /** What was read before anybody knew that it is compressed. */
  private beginning: Uint8Array;
  private inflater: Inflater;
  /** Of a pipe: has all but the piece at hand, for what comes before a fault in that. */
  private follower: Inflater | null = null;
  private ready: readonly Uint8Array[] = [];
  private fed = 0; //   compressed bytes that the inflater has
  private ended = false;
  private fault: CaptureError | null = null;

  constructor(path: string, compressed: ByteSource, beginning: Uint8Array, makeInflater: InflaterFactory) {
    this.path = path;
    this.compressed = compressed;
    this.beginning = beginning;
    this.makeInflater = makeInflater;
    this.inflater = makeInflater();
    if (!compressed.regular) this.follower = makeInflater();
  }

  get regular(): boolean {
    return this.compressed.regular;
  }

  read(bytes: Uint8Array, at: number, length: number): number {
    let done = 0;
    while (done < length) {
      const [first] = this.ready;
      if (first === undefined) {
        const state = this.inflateMore(done === 0);
        if (state !== null) return done > 0 ? done : state;
      } else done += this.take(first, bytes, at + done, length - done);
    }
    return done;
  }

  rewind(): boolean {
    if (!this.compressed.rewind()) return false;
    this.beginning = this.beginning.subarray(0, 0);
    this.inflater = this.makeInflater();
    this.ready = [];
    this.fed = 0;
    this.ended = false;
    this.fault = null;
    return true;
  }

  close(): void {
    this.compressed.close();
  }

  private take(from: Uint8Array, bytes: Uint8Array, at: number, room: number): number {
    const part = from.subarray(0, room);
    bytes.set(part, at);
    this.ready = part.length < from.length ? [from.subarray(room), ...this.ready.slice(1)] : this.ready.slice(1);
    return part.length;
  }

  /** @returns null when it may have brought something; END before a fault, whose turn is the next read */
  private inflateMore(isFirst: boolean): typeof DRY | typeof END | null {
    if (this.fault !== null && isFirst) throw this.fault;
    if (this.fault !== null || this.ended) return END;
    const piece = this.nextPiece();
    if (piece === DRY) return DRY;
    this.ready = piece === END ? this.finish() : this.inflate(piece);
    return null;
  }

  /** First what was read already, then what follows. */
  private nextPiece(): Uint8Array | typeof DRY | typeof END {
    if (this.fed < this.beginning.length) return this.beginning.subarray(this.fed, this.fed + PIECE_BYTES);
    const count = this.compressed.read(this.piece, 0, PIECE_BYTES);
    if (count === DRY || count === END) return count;
    return this.piece.subarray(0, count);
  }

  private inflate(piece: Uint8Array): readonly Uint8Array[] {
    try {
      const inflated = this.inflater.write(piece);
      this.follower?.write(piece);
      this.fed += piece.length;
      return inflated;
    } catch (error) {
      return this.inflateToFault(piece.slice(), error as Error);
    }
  }

  /** zlib gives nothing of a piece with a fault in it. So what comes before the fault is had again, byte by byte. */
  private inflateToFault(piece: Uint8Array, { message }: Error): readonly Uint8Array[] {
    const inflated: Uint8Array[] = [];
    let good = 0;
    try {
      const inflater = this.follower ?? this.inflateAgain();
      for (; good < piece.length; good++) inflated.push(...inflater.write(piece.subarray(good, good + 1)));
    } catch {
      // The fault that brought us here.
    }
    this.fail(`the gzip stream is corrupt at byte ${this.fed + good}: ${message}`);
    return inflated;
  }

  /** Takes as long as it took to come here. @returns an inflater that has all but the piece at hand */
  private inflateAgain(): Inflater {
    const inflater = this.makeInflater();
    this.compressed.rewind();
    for (let left = this.fed; left > 0; ) {
      const count = this.compressed.read(this.piece, 0, Math.min(left, PIECE_BYTES));
      if (count === DRY) continue;
      if (count === END) break; // Somebody has shortened the file.
      inflater.write(this.piece.subarray(0, count));
      left -= count;
    }
    return inflater;
  }

  private finish(): readonly Uint8Array[] {
    this.ended = true;
    try {
      return this.inflater.end();
    } catch (error) {
      return this.fail(`the gzip stream breaks off at byte ${this.fed}: ${(error as Error).message}`);
    }
  }

  private fail(problem: string): readonly Uint8Array[] {
    this.fault = new CaptureError(this.path, problem);
    return [];
  }
}
