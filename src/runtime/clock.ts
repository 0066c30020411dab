// Hot. Runs on: every thread.
// Time: ns for pacing and reports, jiffies for what the kernel measures in jiffies. Read by tick(), once per poll; between
// two ticks time stands still.

export interface Clock {
  /** Monotonic ns, the same clock on every thread. */
  readonly nowNs: number;
  /** int32 that wraps; compare by subtraction: `(a - b) | 0`. */
  readonly jiffies: number;
  /** Jiffies per second (CONFIG_HZ). */
  readonly hz: number;
  /** Reads the clock. Returns nothing: a double that is returned by a call that is not inlined is garbage. */
  tick(): void;
}

/** Where nobody says otherwise, a jiffy is 1 ms. */
export const HZ = 1000;

/** Rounds up, as the kernel's usecs_to_jiffies does. */
export function usecsToJiffies(usecs: number, hz: number): number {
  return Math.ceil((usecs * hz) / 1e6);
}

// V8 keeps the array of process.hrtime() off the heap where it inlines that call, and in a large caller it has no budget
// left to do so. So the call stands in a small function behind a call site that has seen two functions: V8 inlines
// hrtime into the one, and never the one into whoever ticks. (performance.now() and hrtime.bigint() allocate anyhow.)
const READERS: readonly ((clock: MonotonicClock) => void)[] = [stand, read];
const STAND = 0;
const READ = 1;

function stand(clock: MonotonicClock): void {
  clock.jiffies |= 0;
}

function read(clock: MonotonicClock): void {
  const [seconds, ns] = process.hrtime();
  const nowNs = seconds * 1e9 + ns;
  clock.nowNs = nowNs;
  clock.jiffies = (nowNs / clock.jiffyNs) | 0;
}

export class MonotonicClock implements Clock {
  nowNs = 0;
  jiffies = 0;
  readonly hz: number;
  readonly jiffyNs: number;

  constructor(hz = HZ) {
    this.hz = hz;
    this.jiffyNs = 1e9 / hz;
    this.call(STAND);
    this.tick();
  }

  tick(): void {
    this.call(READ);
  }

  private call(reader: number): void {
    READERS[reader]!(this);
  }
}

/** Time that moves only when told to: for the simulation. */
export class VirtualClock implements Clock {
  nowNs = 0;
  jiffies = 0;
  readonly hz: number;

  constructor(hz = HZ) {
    this.hz = hz;
  }

  tick(): void {}

  advance(ns: number): void {
    this.nowNs += ns;
    this.jiffies = ((this.nowNs * this.hz) / 1e9) | 0;
  }
}
