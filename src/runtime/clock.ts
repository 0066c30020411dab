// Hot. Runs on: every thread.
// Time: ns for pacing and reports, jiffies for what the kernel measures in jiffies. Read by tick(), once per poll; between
// two ticks time stands still.

export interface Clock {
  /** Monotonic ns, the same clock on every thread. */
  readonly nowNs: number;
  /** int32 that wraps; compare by subtraction: `(a - b) | 0`. */
  readonly jiffies: number;
  /** Reads the clock. @returns nowNs */
  tick(): number;
}

/** Ticks per second: a jiffy is 1 ms (CONFIG_HZ=1000). */
export const HZ = 1000;
const NS_PER_JIFFY = 1e9 / HZ;

/** Rounds up, as the kernel's usecs_to_jiffies does. */
export function usecsToJiffies(usecs: number): number {
  return Math.ceil((usecs * HZ) / 1e6);
}

export class MonotonicClock implements Clock {
  nowNs = 0;
  jiffies = 0;

  constructor() {
    this.tick();
  }

  tick(): number {
    // The array does not escape, so this allocates nothing; performance.now() and hrtime.bigint() do.
    const [seconds, ns] = process.hrtime();
    this.nowNs = seconds * 1e9 + ns;
    this.jiffies = (this.nowNs / NS_PER_JIFFY) | 0;
    return this.nowNs;
  }
}

/** Time that moves only when told to: for the simulation. */
export class VirtualClock implements Clock {
  nowNs = 0;
  jiffies = 0;

  tick(): number {
    return this.nowNs;
  }

  advance(ns: number): void {
    this.nowNs += ns;
    this.jiffies = (this.nowNs / NS_PER_JIFFY) | 0;
  }
}
