// Cold. Runs on: main (writes them), threads that record (find them).
// Why a packet was not delivered, as the comment of its block says.

import { STAMP_OPTION_BYTES, STAMP_OPTIONS } from '../bursts/layout.js';
import { MALFORMED_REASONS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { commentOptions } from './pcapng-write.js';

/** The malformed come first: verdict - 1 is the index. */
export const DROP_REASONS = [...MALFORMED_REASONS, 'backlog', 'rxMissedErrors', 'rxLengthErrors'] as const;

/** The most that the options of one reason take. */
export const COMMENT_BYTES = 64;
export const COMMENTS_BYTES = DROP_REASONS.length * COMMENT_BYTES;

/** The options of every reason, 64 bytes apart. */
export function writeComments(views: Views, address: number): void {
  DROP_REASONS.forEach((reason, index) => {
    const options = commentOptions(reason);
    if (options.length > COMMENT_BYTES) throw new RangeError(`${reason}: ${options.length} bytes of options`);
    views.bytes.set(options, address + index * COMMENT_BYTES);
  });
}

/** Sets the two words of a stamp that say why. */
export class Comments {
  private readonly words: Int32Array;
  private readonly address: number;
  private readonly bytes = DROP_REASONS.map((reason) => commentOptions(reason).length);

  /** @param address where writeComments() has put them */
  constructor(views: Views, address: number) {
    this.words = views.words;
    this.address = address;
  }

  /** @param reason index in DROP_REASONS */
  stamp(stamp: number, reason: number): void {
    this.words[(stamp + STAMP_OPTIONS) / 4] = this.address + reason * COMMENT_BYTES;
    this.words[(stamp + STAMP_OPTION_BYTES) / 4] = this.bytes[reason]!;
  }

  /** No comment. */
  clear(stamp: number): void {
    this.words[(stamp + STAMP_OPTION_BYTES) / 4] = 0;
  }
}
