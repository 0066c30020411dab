// Cold. Runs on: main.
// A CPU's backlog in the deterministic machine. A packet is anything that a test sends; a slot holds its number.

import { type CpuCore, inheritBacklogs } from '../cpu/core.js';
import { CPU_COUNTERS, counterAddresses, readCounters } from '../memory/counters.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { bitNames, NAPI_BITS, type NapiBit } from '../napi/bits.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import { Backlog, type BacklogPackets } from '../net/backlog.js';
import { backlogDropped, backlogInput, backlogWaiting } from '../net/backlog-counts.js';
import { type BacklogLayout, NO_SLOT } from '../net/backlog-layout.js';
import { assertWhole } from './check.js';
import type { Executions } from './execution.js';
import { NAPIS_MAX } from './layout.js';
import type { CpuThread } from './thread.js';

/** The packets of a machine that are in backlogs, by number. */
export class PacketTable {
  private readonly packets = new Map<number, { readonly packet: unknown; readonly hash: number }>();
  private next = 0;

  put(packet: unknown, hash: number): number {
    const number = this.next;
    this.next += 1;
    this.packets.set(number, { packet, hash });
    return number;
  }

  hash(number: number): number {
    return this.packets.get(number)!.hash;
  }

  take(number: number): unknown {
    const { packet } = this.packets.get(number)!;
    this.packets.delete(number);
    return packet;
  }
}

/** Where the backlogs of a machine are. */
export interface BacklogWorld {
  readonly views: Views;
  /** By CPU. */
  readonly layouts: readonly BacklogLayout[];
  readonly packets: PacketTable;
  readonly executions: Executions<CpuThread>;
  /** @throws Error when `cpu` is offline: nobody would poll its backlog */
  assertOnline(call: string, cpu: number): void;
}

export class SimulatedBacklog implements BacklogPackets {
  /** Is given each packet that comes out, in order. Default: it is thrown away. */
  onPacket: (packet: unknown) => void = () => {};
  private readonly world: BacklogWorld;
  private readonly cpu: number;
  private readonly counters: number;
  private readonly processed: number;
  private readonly words: NapiState;
  private backlog: Backlog;

  /** @internal */
  constructor(world: BacklogWorld, core: CpuCore, counters: number) {
    this.world = world;
    this.cpu = core.softnet.context;
    this.counters = counters;
    this.processed = this.counterAddresses.processed / DOUBLE_BYTES;
    this.words = core.softnet.napis[NAPIS_MAX + this.cpu]!.state;
    this.backlog = this.attach(core);
  }

  /** @internal As a thread of the CPU begins: it polls this backlog, sends to all, and inherits those that it is called for. */
  attach(core: CpuCore): Backlog {
    const { views, layouts } = this.world;
    this.backlog = new Backlog(views, layouts, NAPIS_MAX, core, this, this.counterAddresses);
    inheritBacklogs(core, this.backlog, NAPIS_MAX);
    core.softnet.add(NAPIS_MAX + this.cpu, { name: `backlog${this.cpu}` });
    return this.backlog;
  }

  // ── on the CPU ──

  /** @internal enqueue_to_backlog */
  enqueue(target: number, packet: unknown, hash: number): boolean {
    assertWhole('target', target, 0, this.world.layouts.length - 1);
    assertWhole('hash', hash, 0, 0xffff_ffff);
    this.world.assertOnline('enqueue_to_backlog', target);
    const slot = this.backlog.insert(target, hash);
    if (slot === NO_SLOT) return false;
    this.world.views.words[slot] = this.world.packets.put(packet, hash);
    this.backlog.publish(target);
    return true;
  }

  /** @internal */
  inherit(dead: number): number {
    return this.backlog.inherit(dead);
  }

  /** @internal This CPU gets no turn any more, and here that never comes in the middle of a change of its lists. */
  leaveList(): void {
    if (this.words.isLinked()) this.words.unlink();
  }

  /** @internal */
  receive(slot: number): void {
    const { views, packets } = this.world;
    views.doubles[this.processed]! += 1;
    this.onPacket(packets.take(views.words[slot]!));
    this.world.executions.goOn();
  }

  /** @internal */
  hash(slot: number): number {
    return this.world.packets.hash(this.world.views.words[slot]!);
  }

  /** @internal */
  drop(slot: number): void {
    this.world.packets.take(this.world.views.words[slot]!);
  }

  // ── looking ──

  /** Packets in input_pkt_queue: what netdev_max_backlog limits. */
  get inputPktQueue(): number {
    return backlogInput(this.world.views, this.layout);
  }

  /** Packets in process_queue. */
  get processQueue(): number {
    return backlogWaiting(this.world.views, this.layout) - this.inputPktQueue;
  }

  /** The state bits of its instance. */
  get state(): NapiBit[] {
    return bitNames(this.words.load());
  }

  /** The CPU that holds SCHED; null: nobody. */
  get holder(): number | null {
    const holder = this.words.holder();
    return holder === NO_HOLDER ? null : holder;
  }

  /** Packets that found it full, whoever sent them. */
  get dropped(): number {
    return this.counted.dropped + backlogDropped(this.world.views, this.layout);
  }

  /** Packets that this CPU has dropped by its flow limit, whose backlog they were for. */
  get flowLimitCount(): number {
    return this.counted.flowLimitCount;
  }

  /** Interrupts by which other CPUs told of packets. */
  get receivedRps(): number {
    return this.counted.receivedRps;
  }

  /** set_bit, by hand: what nobody here sets. */
  set(bit: NapiBit): void {
    this.words.set(NAPI_BITS[bit]);
  }

  private get layout(): BacklogLayout {
    return this.world.layouts[this.cpu]!;
  }

  private get counterAddresses() {
    return counterAddresses(CPU_COUNTERS, this.counters, CPU_COUNTERS);
  }

  private get counted() {
    return readCounters(this.world.views, CPU_COUNTERS, this.counters);
  }
}
