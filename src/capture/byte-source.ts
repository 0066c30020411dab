// Cold. Runs on: NIC, main.
// Where a capture's bytes come from: a file, a pipe, a gzip stream over either.

/** There are no bytes now, and there may be some later. */
export const DRY = -1;
/** There will be no more bytes. */
export const END = 0;

export interface ByteSource {
  /** Can be read again; a pipe cannot. */
  readonly regular: boolean;
  /**
   * Reads at most `length` bytes to `bytes[at]` and on. Waits for a disk, but not for whoever writes into a pipe.
   * @returns how many, at least 1; or DRY, or END
   * @throws CaptureError
   */
  read(bytes: Uint8Array, at: number, length: number): number;
  /** Goes back to the first byte. @returns false where that cannot be */
  rewind(): boolean;
  close(): void;
}
