// Cold. Runs on: every thread, once.
// The one place where typed-array views are made, so that tests can put checking views in their stead.

export interface Views {
  /** Every word that threads share; index = byte address / 4. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Counters and times; index = byte address / 8. */
  readonly doubles: Float64Array;
}

export type ViewFactory = (buffer: ArrayBufferLike) => Views;

export const viewsOf: ViewFactory = (buffer) => ({
  words: new Int32Array(buffer),
  bytes: new Uint8Array(buffer),
  doubles: new Float64Array(buffer),
});
