// Cold. Runs on: main.
// The smallest input that still fails: pieces are taken away, large ones first; then bytes become 0.

const STEPS_MAX = 3000;

export function minimise(input: Uint8Array, fails: (candidate: Uint8Array) => boolean): Uint8Array {
  let best = input;
  let steps = 0;
  const accept = (candidate: Uint8Array): boolean => {
    steps++;
    if (steps > STEPS_MAX || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length; ) if (!accept(without(best, at, size))) at += size;
  }
  for (let at = 0; at < best.length; at++) if (best[at] !== 0) accept(best.with(at, 0));
  return best;
}

function without(bytes: Uint8Array, at: number, size: number): Uint8Array {
  const kept = new Uint8Array(Math.max(at, bytes.length - size));
  kept.set(bytes.subarray(0, at));
  kept.set(bytes.subarray(at + size), at);
  return kept;
}
