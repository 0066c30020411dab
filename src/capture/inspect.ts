// Cold. Runs on: main, before any thread.
// A look at the beginning of a capture, so that what cannot be replayed at all is refused at once.

import { referenceBursts } from '../bursts/reference/reference.js';
import { PAGE_BYTES } from '../memory/layout.js';
import { viewsOf } from '../memory/views.js';
import { END } from './byte-source.js';
import { CaptureError } from './capture-error.js';
import { type FileBytes, isRegular, openBytes } from './file-bytes.js';
import type { InflaterFactory } from './gzip-bytes.js';
import { captureLayout, WINDOW_BYTES } from './layout.js';
import { CaptureReader } from './reader.js';

export interface CaptureLook {
  /** It can be read more than once; a pipe cannot. */
  readonly regular: boolean;
  /** Bytes of a regular file; else 0. */
  readonly fileBytes: number;
}

/**
 * Reads up to the first packet. A pipe is not touched: what is read from it is gone.
 * @throws CaptureError when there is none, or nothing that could be read
 */
export function lookAtCapture(path: string, inflater: InflaterFactory): CaptureLook {
  if (!isRegular(path)) return { regular: false, fileBytes: 0 };
  const source = openBytes(path);
  try {
    findPacket(path, source, inflater);
    return { regular: true, fileBytes: source.length };
  } finally {
    source.close();
  }
}

/** In memory of its own, which is gone afterwards. */
function findPacket(path: string, source: FileBytes, inflater: InflaterFactory): void {
  const layout = captureLayout(0, { room: 1, windowBytes: WINDOW_BYTES });
  const pages = Math.ceil(layout.bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const views = viewsOf(memory.buffer);
  const reader = new CaptureReader(views, layout, path, source, { bursts: referenceBursts(memory, views), inflater });
  if (reader.read() === END) throw new CaptureError(path, 'the capture has no packets; one is the least');
}
