// Cold. Runs on: main.
// A NAPI instance of the deterministic machine: its poll is the test's function. What it does is done by the CPU that executes.

import { bitNames, NAPI_BITS, type NapiBit } from '../napi/bits.js';
import { NapiDisable, NapiSynchronize } from '../napi/control.js';
import type { NapiDevice, NapiTunables } from '../napi/device.js';
import { type GroNode, NAPI_POLL_WEIGHT, type NapiParts, type NapiTimer } from '../napi/napi.js';
import type { Softnet } from '../napi/softnet.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import type { ThreadedMode } from '../napi/threaded.js';
import type { ControlOperation } from '../runtime/operation.js';
import type { Printk } from '../runtime/printk.js';
import { assertTime, assertWhole } from './check.js';

/** What an instance does when it is polled: the driver. @returns the work it did */
export type PollFunction = (napi: SimulatedNapi, budget: number) => number;

export interface NapiOptions {
  /** Default `eth0`. */
  readonly device?: string;
  /** Packets per poll. Default 64. */
  readonly weight?: number;
  readonly gro?: GroNode;
  /** Instead of the one that it has on each CPU. */
  readonly timer?: NapiTimer;
  /** Which of the device's napi_config is its own, 0 … 63: id and tunables stay when it is disabled, or deleted and added. */
  readonly index?: number;
  /** False for one whose interrupts go to another CPU now. Default: always true. */
  readonly isHome?: () => boolean;
  /** netpoll is active on its device. Default false. */
  readonly netpoll?: boolean;
  /** Leave it as netif_napi_add does. Default false: it is enabled. */
  readonly disabled?: boolean;
  /** napi_defer_hard_irqs. Default 0. */
  readonly deferHardIrqs?: number;
  /** gro_flush_timeout, ns. Default 0. */
  readonly groFlushTimeoutNs?: number;
  /** irq_suspend_timeout, ns. Default 0. */
  readonly irqSuspendTimeoutNs?: number;
}

/** A poll that never ends would hang a test. */
const POLLS_MAX = 30_000;

/** What an instance needs of its machine. */
export interface NapiWorld {
  readonly printk: Printk;
  device(name: string): NapiDevice;
  /** The softnet data of the CPU that executes. @throws Error when none does */
  softnet(call: string): Softnet;
  /** Gives the CPUs turns until the operation is complete. @throws NapiError when it never will be */
  wait(operation: ControlOperation): void;
}

export class SimulatedNapi {
  readonly name: string;
  readonly device: string;
  /** How often its poll function was called. */
  polls = 0;
  private readonly words: NapiState;
  private readonly world: NapiWorld;
  private readonly options: NapiOptions;

  /** @internal */
  constructor(world: NapiWorld, words: NapiState, name: string, options: NapiOptions) {
    this.name = name;
    this.device = options.device ?? 'eth0';
    this.world = world;
    this.words = words;
    this.options = options;
    assertWhole('weight', options.weight ?? NAPI_POLL_WEIGHT, 1);
    assertWhole('deferHardIrqs', options.deferHardIrqs ?? 0, 0, 2 ** 31 - 1);
    assertTime('groFlushTimeoutNs', options.groFlushTimeoutNs ?? 0);
    this.add();
    const { deferHardIrqs, groFlushTimeoutNs, irqSuspendTimeoutNs } = options;
    this.tune({
      ...(deferHardIrqs && { deferHardIrqs }),
      ...(groFlushTimeoutNs && { groFlushTimeoutNs }),
      ...(irqSuspendTimeoutNs && { irqSuspendTimeoutNs }),
    });
    if (options.disabled !== true) this.enable();
  }

  /** @internal What the CPUs know of it. */
  parts(poll: PollFunction): Partial<NapiParts> {
    const { weight, gro, timer, isHome, netpoll } = this.options;
    const counted = (budget: number) => {
      this.polls += 1;
      if (this.polls > POLLS_MAX) throw new Error(`napi ${this.name}: no end after ${POLLS_MAX} polls`);
      const work = poll(this, budget);
      assertWhole(`napi ${this.name}: work`, work, 0);
      return work;
    };
    const given = Object.entries({ weight, gro, timer, isHome, netpoll }).filter(([, part]) => part !== undefined);
    return { ...Object.fromEntries(given), name: this.name, device: this.device, poll: { poll: counted } };
  }

  /** Its number in the machine. */
  get id(): number {
    return this.words.id;
  }

  // ── on the CPU that executes ──

  /** napi_schedule_prep */
  schedulePrep(): boolean {
    return this.world.softnet('napi_schedule_prep').napiSchedulePrep(this.id);
  }

  /** __napi_schedule */
  scheduleHeld(): void {
    this.world.softnet('__napi_schedule').napiScheduleHeld(this.id);
  }

  /** napi_schedule */
  schedule(): boolean {
    return this.world.softnet('napi_schedule').napiSchedule(this.id);
  }

  /** napi_complete_done */
  completeDone(work: number): boolean {
    return this.world.softnet('napi_complete_done').napiCompleteDone(this.id, work);
  }

  /** napi_if_scheduled_mark_missed */
  ifScheduledMarkMissed(): boolean {
    return this.words.ifScheduledMarkMissed();
  }

  /** napi_suspend_irqs */
  suspendIrqs(): void {
    this.world.softnet('napi_suspend_irqs').napiSuspendIrqs(this.id);
  }

  /** napi_resume_irqs */
  resumeIrqs(): void {
    this.world.softnet('napi_resume_irqs').napiResumeIrqs(this.id);
  }

  // ── control ──

  /** netif_napi_add, netif_napi_add_config */
  add(): void {
    const { index = null, weight = NAPI_POLL_WEIGHT } = this.options;
    this.world.device(this.device).add(this.words, index, weight, this.world.printk);
  }

  /** netif_napi_del */
  del(): void {
    this.world.device(this.device).del(this.words);
  }

  /** napi_enable */
  enable(): void {
    this.world.device(this.device).enable(this.words);
  }

  /** napi_disable: blocks, while the CPUs go on. @throws NapiError where the kernel would wait for ever */
  disable(): void {
    this.world.wait(this.world.device(this.device).disable(this.words));
  }

  /** napi_set_threaded: blocks, while the CPUs go on. @throws NapiError where the kernel would wait for ever */
  setThreaded(mode: ThreadedMode): void {
    this.world.wait(this.world.device(this.device).setThreaded(this.words, mode));
  }

  /** Begins napi_set_threaded; the caller steps it. */
  beginSetThreaded(mode: ThreadedMode): ControlOperation {
    const set = this.world.device(this.device).setThreaded(this.words, mode);
    set.begin();
    return set;
  }

  /** napi-set of netdev-genl, for this one alone. */
  tune(tunables: Partial<NapiTunables>): void {
    this.world.device(this.device).tune(this.words, tunables);
  }

  /** Begins napi_disable; the caller steps it, so that it can be anywhere in between. */
  beginDisable(): NapiDisable {
    const disable = new NapiDisable(this.words);
    disable.begin();
    return disable;
  }

  /** napi_synchronize: blocks, while the CPUs go on. */
  synchronize(): void {
    this.world.wait(new NapiSynchronize(this.words));
  }

  // ── tunables ──

  /** napi_defer_hard_irqs */
  get deferHardIrqs(): number {
    return this.words.deferHardIrqs;
  }

  set deferHardIrqs(completions: number) {
    this.words.deferHardIrqs = completions;
  }

  /** gro_flush_timeout */
  get groFlushTimeoutNs(): number {
    return this.words.groFlushTimeoutNs;
  }

  set groFlushTimeoutNs(ns: number) {
    this.words.groFlushTimeoutNs = ns;
  }

  /** irq_suspend_timeout */
  get irqSuspendTimeoutNs(): number {
    return this.words.irqSuspendTimeoutNs;
  }

  set irqSuspendTimeoutNs(ns: number) {
    this.words.irqSuspendTimeoutNs = ns;
  }

  // ── looking, and setting by hand what nobody here sets ──

  /** The names of the state bits that are set, lowest first. */
  get state(): NapiBit[] {
    return bitNames(this.words.load());
  }

  has(bit: NapiBit): boolean {
    return (this.words.load() & NAPI_BITS[bit]) !== 0;
  }

  /** set_bit */
  set(bit: NapiBit): void {
    this.words.set(NAPI_BITS[bit]);
  }

  /** clear_bit */
  clear(bit: NapiBit): void {
    this.words.clear(NAPI_BITS[bit]);
  }

  /** The CPU that holds SCHED; null: none, or it is disabled. */
  get holder(): number | null {
    const holder = this.words.holder();
    return holder === NO_HOLDER ? null : holder;
  }

  /** The CPU on whose poll list it was put, or -1. */
  get listOwner(): number {
    return this.words.listOwner;
  }

  get isListed(): boolean {
    return this.words.isLinked();
  }

  /** By which busy polling finds it; 0 while it is disabled. */
  get napiId(): number {
    return this.words.napiId;
  }

  get tunables(): NapiTunables {
    return this.world.device(this.device).tunables(this.words);
  }

  get threaded(): ThreadedMode {
    return this.world.device(this.device).threadedOf(this.words);
  }

  /** `napi/eth0-12`; null: it has no thread. */
  get thread(): string | null {
    return this.world.device(this.device).threadOf(this.words);
  }

  get deferCount(): number {
    return this.words.deferCount;
  }

  /** The CPU on which its timer is armed; null: none. */
  get timerCpu(): number | null {
    const cpu = this.words.timerCpu();
    return cpu < 0 ? null : cpu;
  }
}
