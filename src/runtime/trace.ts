// Hot. Runs on: CPU n, when somebody traces; else it is null, and costs one look a poll and a pass.
// The kernel's tracepoints, by its names (kernel-map.md lists them). Ids and vectors are numbers here; text is made by the reader.

export interface Trace {
  /** irq:softirq_raise: each time, also when the bit is set already. */
  softirqRaise(vector: number): void;
  /** irq:softirq_entry */
  softirqEntry(vector: number): void;
  /** irq:softirq_exit */
  softirqExit(vector: number): void;
  /** irq:irq_handler_entry */
  irqHandlerEntry(irq: number): void;
  /** irq:irq_handler_exit */
  irqHandlerExit(irq: number): void;
  /** napi:napi_poll: after every call of a poll function, also netpoll's with budget 0. */
  napiPoll(napi: number, work: number, budget: number): void;
  /** sched:sched_waking, of ksoftirqd. */
  ksoftirqdWaking(): void;
  /** timer:hrtimer_start, of an instance's timer. */
  hrtimerStart(napi: number, expiresNs: number): void;
  /** timer:hrtimer_expire_entry */
  hrtimerExpireEntry(napi: number, nowNs: number): void;
  /** sched:sched_waking, of an instance's thread. */
  napiThreadWaking(napi: number): void;
}
