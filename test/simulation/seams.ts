// Cold. Runs on: main.
// What the agents are given from outside, with a hook in it: the points where one thread can be overtaken by another.

import type { Bursts } from '../../src/bursts/bursts.js';
import type { Clock, VirtualClock } from '../../src/runtime/clock.js';

/** A thread's own clock over the time of the machine: stands still between two ticks. */
export class SimulatedClock implements Clock {
  nowNs = 0;
  jiffies = 0;
  private readonly time: VirtualClock;
  private readonly hook: () => void;

  constructor(time: VirtualClock, hook: () => void) {
    this.time = time;
    this.hook = hook;
  }

  tick(): number {
    this.hook();
    this.nowNs = this.time.nowNs;
    this.jiffies = this.time.jiffies;
    return this.nowNs;
  }
}

/** The same burst functions, with a chance for others before and after each. */
export function interruptible(bursts: Bursts, hook: () => void): Bursts {
  const wrap = <A extends number[]>(run: (...args: A) => number) => {
    return (...args: A): number => {
      hook();
      const result = run(...args);
      hook();
      return result;
    };
  };
  return {
    offer: wrap((...args: Parameters<Bursts['offer']>) => bursts.offer(...args)),
    copy: wrap((...args: Parameters<Bursts['copy']>) => bursts.copy(...args)),
    scanPcap: wrap((...args: Parameters<Bursts['scanPcap']>) => bursts.scanPcap(...args)),
    scanPcapng: wrap((...args: Parameters<Bursts['scanPcapng']>) => bursts.scanPcapng(...args)),
    take: wrap((...args: Parameters<Bursts['take']>) => bursts.take(...args)),
    classify: wrap((...args: Parameters<Bursts['classify']>) => bursts.classify(...args)),
    verify: wrap((...args: Parameters<Bursts['verify']>) => bursts.verify(...args)),
    compact: wrap((...args: Parameters<Bursts['compact']>) => bursts.compact(...args)),
    recycle: wrap((...args: Parameters<Bursts['recycle']>) => bursts.recycle(...args)),
    refill: wrap((...args: Parameters<Bursts['refill']>) => bursts.refill(...args)),
    work: (iterations) => bursts.work(iterations),
  };
}
