// Hot. Runs on: NIC. Cold: wherever a seed decides something.
// The seeded generator sfc32 (Chris Doty-Humphrey, PractRand): four words of state, integer operations only, so that a
// seed gives the same numbers on every platform. Not for secrets.

const ROUNDS_TO_MIX = 12; // as PractRand seeds it
const WORDS = 2 ** 32;

export class Random {
  // An Int32Array, because a field that may hold any 32-bit number can cost an allocation per store.
  private readonly state = new Int32Array(4);

  /** Takes any safe integer; all its 53 bits count. */
  constructor(seed: number) {
    this.state[1] = seed;
    this.state[2] = Math.floor(seed / WORDS);
    this.state[3] = 1; // a counter: no state repeats within 2^32 words, whatever the seed
    for (let round = 0; round < ROUNDS_TO_MIX; round++) this.word();
  }

  /** 32 random bits, as a signed word. */
  word(): number {
    const state = this.state;
    const b = state[1]!;
    const c = state[2]!;
    const counter = state[3]!;
    const result = (state[0]! + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + result;
    state[3] = counter + 1;
    return result;
  }

  /** In [0, 1), in steps of 2^-32. */
  next(): number {
    return (this.word() >>> 0) / WORDS;
  }

  /** A whole number in 0 … n-1, for n up to 2^32; a value's share is off by less than n / 2^32 of itself. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
}
