// Hot. Runs on: CPUs (hang), main (asks).
// One word for each CPU, in the record of all rounds: by it main has a CPU lock up, in its sink or in a task.
//
// who     from → to                            why
// main    none → IN_SINK, IN_TASK              it is to hang when it comes by there
// CPU     IN_SINK, IN_TASK → HANGING           and it does, until its thread is ended
// main    IN_SINK, IN_TASK → none              it never came by: nobody hangs any more
// main    HANGING → none                       its thread was ended

const NONE = 0;
export const IN_SINK = 1;
export const IN_TASK = 2;
const HANGING = 3;

export type HangPlace = typeof IN_SINK | typeof IN_TASK;

/** @param at the word's index */
export function askToHang(words: Int32Array, at: number, place: HangPlace): void {
  Atomics.store(words, at, place);
}

export function isHanging(words: Int32Array, at: number): boolean {
  return Atomics.load(words, at) === HANGING;
}

/** @returns false when it hangs already */
export function withdraw(words: Int32Array, at: number, place: HangPlace): boolean {
  return Atomics.compareExchange(words, at, place, NONE) === place;
}

/** For its next thread. */
export function forgetHang(words: Int32Array, at: number): void {
  Atomics.store(words, at, NONE);
}

/** Does not return when main has asked for it. */
export function hangIfAsked(words: Int32Array, at: number, place: HangPlace): void {
  if (words[at] !== place || Atomics.compareExchange(words, at, place, HANGING) !== place) return;
  for (;;);
}
