// Cold. Runs on: main.
// The kernel's backlogs as a model: queues under one lock, and a CPU that runs when it is told (enqueue_to_backlog, napi_schedule_rps,
// process_backlog, dev_cpu_dead; net/core/dev.c).

export const CPUS = 3;
const PASSES_MAX = 10;
/** Every so many packets is sent on, to the next CPU's backlog, while it is received. */
const SENT_ON = 7;

/** One CPU of the model: softnet_data, as far as backlogs go. */
interface ModelCpu {
  /** By sender: the order between senders is ours (a ring for each), that of each sender the kernel's. */
  readonly input: number[][];
  process: number[];
  /** NAPI_STATE_SCHED of its backlog, and whether that is on its poll list. */
  sched: boolean;
  listed: boolean;
  /** NET_RX */
  pending: boolean;
  inNetRxAction: boolean;
  /** Whose IPIs are on their way to it. */
  readonly called: Set<number>;
  /** rps_ipi_list */
  toCall: number[];
  weight: number;
  /** netdev_max_backlog as it goes by for its own packets: looked at once a poll. */
  ownMax: number;
  dropped: number;
  receivedRps: number;
  netRx: number;
  readonly delivered: number[];
}

export function isSentOn(packet: number): boolean {
  return packet % SENT_ON === 0;
}

export function nextCpu(cpu: number): number {
  return (cpu + 1) % CPUS;
}

/** The packet that follows from one that is sent on. */
export function onward(packet: number): number {
  return packet + 0.5;
}

export class Model {
  max = 1000;
  devWeight = 64;
  readonly cpus: ModelCpu[] = Array.from({ length: CPUS }, () => ({
    input: Array.from({ length: CPUS }, () => []),
    process: [],
    sched: false,
    listed: false,
    pending: false,
    inNetRxAction: false,
    called: new Set<number>(),
    toCall: [],
    weight: 64,
    ownMax: 1000,
    dropped: 0,
    receivedRps: 0,
    netRx: 0,
    delivered: [],
  }));

  qlen({ input }: ModelCpu): number {
    return input.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param bhOff with bottom halves off, which are on again behind it; else NET_RX waits for an interrupt */
  send(from: number, to: number, packets: readonly number[], bhOff: boolean): void {
    const [sender, target] = [this.cpus[from]!, this.cpus[to]!];
    for (const packet of packets) this.enqueue(sender, target, from, from === to ? target.ownMax : this.max, packet);
    if (bhOff && sender.pending) this.softirqs(sender, PASSES_MAX);
  }

  private enqueue(sender: ModelCpu, target: ModelCpu, from: number, max: number, packet: number): void {
    if (this.qlen(target) > max) {
      target.dropped += 1;
      return;
    }
    target.input[from]!.push(packet);
    if (target.sched) return;
    target.sched = true;
    if (!sender.inNetRxAction) sender.pending = true;
    if (target === sender) target.listed = true;
    else sender.toCall.push(this.cpus.indexOf(target));
  }

  /** An interrupt, and one pass at its exit. */
  pass(cpu: number): void {
    const it = this.cpus[cpu]!;
    this.takeCalls(it);
    if (it.pending) this.softirqs(it, 1);
  }

  /** A call can be for nothing: somebody has inherited what it was for. */
  private takeCalls(it: ModelCpu): void {
    for (const _ of it.called) {
      it.receivedRps += 1;
      if (!it.sched || it.listed) continue;
      it.listed = true;
      it.pending = true;
    }
    it.called.clear();
  }

  private softirqs(it: ModelCpu, passes: number): void {
    for (let pass = 0; pass < passes && it.pending; pass += 1) {
      it.pending = false;
      it.netRx += 1;
      it.inNetRxAction = true;
      if (it.listed) this.poll(it);
      it.inNetRxAction = false;
      this.sendIpis(it);
      this.takeCalls(it);
    }
  }

  private sendIpis(it: ModelCpu): void {
    this.callFor(it, it);
  }

  private callFor(owing: ModelCpu, caller: ModelCpu): void {
    for (const cpu of owing.toCall) this.cpus[cpu]!.called.add(this.cpus.indexOf(caller));
    owing.toCall = [];
  }

  /** dev_cpu_dead, in an interrupt of the heir. */
  inherit(heir: number, dead: number): void {
    const [to, from] = [this.cpus[heir]!, this.cpus[dead]!];
    this.callFor(from, to);
    const left = [...from.process.splice(0), ...from.input.flatMap((ring) => ring.splice(0))];
    for (const packet of left) this.enqueue(to, to, heir, to.ownMax, packet);
    from.sched = false;
    from.listed = false;
    this.takeCalls(to); // It may have called itself.
    if (to.pending) this.softirqs(to, PASSES_MAX);
  }

  private poll(it: ModelCpu): void {
    this.sendIpis(it);
    it.ownMax = this.max;
    const quota = it.weight;
    it.weight = this.devWeight;
    for (let work = 0; ; ) {
      while (it.process.length > 0) {
        this.receive(it, it.process.shift()!);
        work += 1;
        if (work === quota) {
          it.pending = true;
          return;
        }
      }
      if (this.qlen(it) === 0) break;
      it.process = it.input.flatMap((ring) => ring.splice(0));
    }
    it.sched = false;
    it.listed = false;
  }

  private receive(it: ModelCpu, packet: number): void {
    it.delivered.push(packet);
    const from = this.cpus.indexOf(it);
    if (isSentOn(packet)) this.enqueue(it, this.cpus[nextCpu(from)]!, from, this.max, onward(packet));
  }

  get isBusy(): boolean {
    return this.cpus.some(({ pending, called }) => pending || called.size > 0);
  }
}
