// Cold. Runs on: main.
// net_rx_action, handle_softirqs and the state of NAPI instances as a model, on one CPU whose time stands still (net/core/dev.c,
// kernel/softirq.c).

const WEIGHT = 64;
const PASSES_MAX = 10;

interface ModelNapi {
  sched: boolean;
  missed: boolean;
  disable: boolean;
  prefer: boolean;
  /** napi_disable has returned: SCHED and NPSVC are parked. */
  parked: boolean;
  /** Packets that wait. */
  ring: number;
  /** Whom its next poll schedules before it completes. */
  kicks: number[];
  deferHardIrqs: number;
  flushTimeoutNs: number;
  deferCount: number;
  /** When its timer expires. */
  timerNs: number | null;
}

/** What happens, one at a time. */
export class NetRxModel {
  budget = 300;
  needResched = false;
  pollList: number[] = [];
  inNetRxAction = false;
  pending = false;
  ksoftirqd = false;
  timeSqueeze = 0;
  netRx = 0;
  raised = 0;
  nowNs = 0;
  woken = 0;
  readonly polls: string[] = [];
  readonly napis: ModelNapi[];
  private repoll: number[] = [];
  private hardirqs = 0;
  private serving = false;
  private bhOff = 0;

  constructor(napis: number) {
    this.napis = Array.from({ length: napis }, () => ({
      sched: false,
      missed: false,
      disable: false,
      prefer: false,
      parked: false,
      ring: 0,
      kicks: [],
      deferHardIrqs: 0,
      flushTimeoutNs: 0,
      deferCount: 0,
      timerNs: null,
    }));
  }

  // ── what a test does ──

  irq(napi: number): void {
    this.hardirqs += 1;
    this.schedule(napi);
    this.hardirqs -= 1;
    if (this.pending && !this.inInterrupt) this.handleSoftirqs();
  }

  /** Time passes, and an interrupt comes, in which the timers that are due expire. */
  advance(ns: number): void {
    this.nowNs += ns;
    this.hardirqs += 1;
    const due = this.napis.filter(({ timerNs }) => timerNs !== null && timerNs <= this.nowNs);
    for (const it of due.sort((a, b) => a.timerNs! - b.timerNs!)) this.watchdog(it);
    this.hardirqs -= 1;
    if (this.pending && !this.inInterrupt) this.handleSoftirqs();
  }

  get isBhOff(): boolean {
    return this.bhOff > 0;
  }

  bhDisable(): void {
    this.bhOff += 1;
  }

  bhEnable(): void {
    this.bhOff -= 1;
    if (this.pending && !this.inInterrupt) this.handleSoftirqs();
  }

  ksoftirqdTurn(): void {
    if (!this.ksoftirqd) return;
    if (this.pending) this.handleSoftirqs();
    if (!this.pending) this.ksoftirqd = false;
  }

  /** One try of napi_disable to park it. */
  park(napi: number): void {
    const it = this.napis[napi]!;
    if (it.sched) return;
    Object.assign(it, { sched: true, parked: true, prefer: false, disable: false, timerNs: null });
  }

  enable(napi: number): void {
    Object.assign(this.napis[napi]!, { sched: false, parked: false });
  }

  // ── the kernel ──

  private get inInterrupt(): boolean {
    return this.hardirqs > 0 || this.serving || this.bhOff > 0;
  }

  /** napi_schedule */
  schedule(napi: number): void {
    const it = this.napis[napi]!;
    if (it.disable) return;
    if (it.sched) it.missed = true;
    else {
      it.sched = true;
      this.list(napi);
    }
  }

  /** napi_watchdog */
  private watchdog(it: ModelNapi): void {
    it.timerNs = null;
    if (it.disable || it.sched) return;
    it.prefer = false;
    it.sched = true;
    this.list(this.napis.indexOf(it));
  }

  private list(napi: number): void {
    this.pollList.push(napi);
    if (!this.inNetRxAction) this.raise();
  }

  private raise(): void {
    this.mark();
    if (!this.inInterrupt) this.wake();
  }

  private mark(): void {
    this.raised += 1;
    this.pending = true;
  }

  private wake(): void {
    if (this.ksoftirqd) return;
    this.ksoftirqd = true;
    this.woken += 1;
  }

  private handleSoftirqs(): void {
    this.serving = true;
    for (let passes = PASSES_MAX; ; ) {
      this.pending = false;
      this.netRx += 1;
      this.netRxAction();
      if (!this.pending) break;
      passes -= 1;
      if (!this.needResched && passes > 0) continue;
      this.wake();
      break;
    }
    this.serving = false;
  }

  private netRxAction(): void {
    let budget = this.budget;
    this.inNetRxAction = true;
    let local = this.pollList.splice(0);
    this.repoll = [];
    while (local.length > 0 || (this.repoll.length === 0 && this.pollList.length > 0)) {
      if (local.length === 0) local = this.pollList.splice(0);
      budget -= this.poll(local.shift()!);
      if (budget > 0) continue;
      this.timeSqueeze += 1;
      break;
    }
    this.pollList = [...local, ...this.pollList, ...this.repoll];
    if (this.pollList.length > 0) this.mark();
    else this.inNetRxAction = false;
  }

  /** napi_poll, and the driver's poll in it. */
  private poll(napi: number): number {
    const it = this.napis[napi]!;
    const work = Math.min(it.ring, WEIGHT);
    it.ring -= work;
    this.polls.push(`${napi}:${work}`);
    for (const other of it.kicks.splice(0)) this.schedule(other);
    if (work < WEIGHT) this.complete(it, work);
    else if (it.disable) this.complete(it, 0);
    else if (!it.prefer) this.repoll.push(napi);
    else if (this.complete(it, work)) this.schedule(napi);
    return work;
  }

  /** napi_complete_done, where GRO holds nothing */
  private complete(it: ModelNapi, work: number): boolean {
    let timeoutNs = 0;
    if (work > 0) it.deferCount = it.deferHardIrqs;
    if (it.deferCount > 0) {
      it.deferCount -= 1;
      timeoutNs = it.flushTimeoutNs;
    }
    const { missed } = it;
    Object.assign(it, { missed: false, prefer: false, sched: missed });
    if (missed) {
      this.list(this.napis.indexOf(it));
      return false;
    }
    if (timeoutNs > 0) it.timerNs = this.nowNs + timeoutNs;
    return timeoutNs === 0;
  }
}
