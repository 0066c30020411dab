// Cold. Runs on: CPU n; main checks its data.
// The built-in task `busy-poll`: an application that waits for its CPU's packets as epoll_wait does with prefer_busy_poll, works, and
// waits again. With irq_suspend_timeout set, it suspends interrupts as long as packets come, and resumes them when none do.

import type { Step, TaskContext } from '../cpu/application-task.js';

/** `data` of the built-in task. */
export interface BusyPollTaskData {
  /** busy_poll_usecs: how long it polls a queue that brings nothing before it sleeps, µs, 0 … 10000. Default 200. */
  readonly usecs?: number;
  /** busy_poll_budget: packets of a poll, 1 … 64. Default 64. */
  readonly budget?: number;
  /** prefer_busy_poll. Default true. */
  readonly prefer?: boolean;
  /** What it does with packets takes so long, µs, each time that some have come, 0 … 1000000. Default 0. */
  readonly workUsecs?: number;
}

/** A queue on each wait: an epoll instance busy-polls one NAPI instance, so an application has one for each. */
export default function busyPoll({ napi, data }: TaskContext): Step {
  const { usecs = 200, budget = 64, prefer = true, workUsecs = 0 } = (data ?? {}) as BusyPollTaskData;
  const waits = napi.packets.map((packets) => napi.wait([packets], { usecs, budget, prefer }));
  return () => {
    let ready = 0;
    for (const wait of waits) {
      if (!napi.isLocal(wait.napiId)) wait.close(); // Its line has moved: with interrupts resumed, its packets come there.
      ready += wait.wait(Number.POSITIVE_INFINITY);
    }
    if (ready > 0 && workUsecs > 0) work(workUsecs);
    return ready;
  };
}

function work(usecs: number): void {
  for (const end = performance.now() + usecs / 1000; performance.now() < end; );
}
