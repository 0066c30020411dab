// Cold. Runs on: main.
// A CPU's backlog in the deterministic machine. A packet is anything that a test sends; a slot holds its number.

import type { CpuCore } from '../cpu/core.js';
import { CPU_COUNTERS, counterAddresses, readCounters } from '../memory/counters.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { bitNames, NAPI_BITS, type NapiBit } from '../napi/bits.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import { Backlog, type BacklogPackets } from '../net/backlog.js';
import { backlogDropped, backlogInput, backlogWaiting } from '../net/backlog-counts.js';
import { type BacklogLayout, NO_SLOT } from '../net/backlog-layout.js';
import { assertWhole } from './check.js';

export const PACKET_WORDS = 1;

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

export class SimulatedBacklog implements BacklogPackets {
  /** Is given each packet that comes out. */
  onPacket: (packet: unknown) => void = () => {};
  private readonly views: Views;
  private readonly layouts: readonly BacklogLayout[];
  private readonly table: PacketTable;
  private readonly counters: number;
  private readonly processed: number;
  private readonly layout: BacklogLayout;
  private readonly words: NapiState;
  private readonly backlog: Backlog;

  /** @internal @param first instance of CPU 0's backlog */
  constructor(
    views: Views,
    layouts: readonly BacklogLayout[],
    first: number,
    core: CpuCore,
    table: PacketTable,
    counters: number,
  ) {
    const places = counterAddresses(CPU_COUNTERS, counters, CPU_COUNTERS);
    const cpu = core.softnet.context;
    this.views = views;
    this.layouts = layouts;
    this.table = table;
    this.counters = counters;
    this.processed = places.processed / DOUBLE_BYTES;
    this.layout = layouts[cpu]!;
    this.words = core.softnet.napis[first + cpu]!.state;
    this.backlog = new Backlog(views, layouts, first, core, this, places);
    core.softnet.add(first + cpu, { name: `backlog${cpu}` });
  }

  // ── on the CPU ──

  /** @internal enqueue_to_backlog */
  enqueue(target: number, packet: unknown, hash: number): boolean {
    assertWhole('target', target, 0, this.layouts.length - 1);
    assertWhole('hash', hash, 0, 0xffff_ffff);
    const slot = this.backlog.insert(target, hash);
    if (slot === NO_SLOT) return false;
    this.views.words[slot] = this.table.put(packet, hash);
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
    this.views.doubles[this.processed]! += 1;
    this.onPacket(this.table.take(this.views.words[slot]!));
  }

  /** @internal */
  hash(slot: number): number {
    return this.table.hash(this.views.words[slot]!);
  }

  /** @internal */
  drop(slot: number): void {
    this.table.take(this.views.words[slot]!);
  }

  // ── looking ──

  /** Packets in input_pkt_queue: what netdev_max_backlog limits. */
  get inputPktQueue(): number {
    return backlogInput(this.views, this.layout);
  }

  /** Packets in process_queue. */
  get processQueue(): number {
    return backlogWaiting(this.views, this.layout) - this.inputPktQueue;
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
    return readCounters(this.views, CPU_COUNTERS, this.counters).dropped + backlogDropped(this.views, this.layout);
  }

  /** Packets that this CPU has dropped by its flow limit, whose backlog they were for. */
  get flowLimitCount(): number {
    return readCounters(this.views, CPU_COUNTERS, this.counters).flowLimitCount;
  }

  /** Interrupts by which other CPUs told of packets. */
  get receivedRps(): number {
    return readCounters(this.views, CPU_COUNTERS, this.counters).receivedRps;
  }

  /** set_bit, by hand: what nobody here sets. */
  set(bit: NapiBit): void {
    this.words.set(NAPI_BITS[bit]);
  }
}
