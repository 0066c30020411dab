// Cold. Runs on: main.
// One CPU's softnet data with fake instances A, B, C …, a virtual clock, and interrupts that come when a test says so.

import { Softnet, type SoftnetSettings } from '../../src/napi/napi.js';
import { NAPI_BYTES, NapiState } from '../../src/napi/state.js';
import { VirtualClock } from '../../src/runtime/clock.js';
import { NET_RX_SOFTIRQ, Softirqs } from '../../src/softirq/softirq.js';
import { counterAt, space } from '../memory/space.js';

const SOFTIRQ = 64;
const SOFTNET = 128;
const COUNTERS = { netRxSoftirqs: 256, ksoftirqdRuns: 264, timeSqueeze: 272, lastPollNs: 280 };
const NAPIS = 1024;
const INSTANCES = 8;
const MS = 1e6;

export const WEIGHT = 64;
export const CPU = 2;
const SETTINGS: SoftnetSettings = { budget: 300, budgetUsecs: 2000, weight: WEIGHT };

/** What an instance does when it is polled. @returns its work */
export type FakePoll = (rig: SoftnetRig, id: number) => number;

export class SoftnetRig {
  readonly clock = new VirtualClock();
  readonly softirqs: Softirqs;
  readonly softnet: Softnet;
  readonly states: readonly NapiState[];
  /** Who was polled, a string a pass: `['ABC', 'CA']`. */
  readonly passes: string[] = [];
  /** How often NET_RX was raised. */
  raises = 0;
  /** A delivery point was reached. */
  atDelivery = () => {};
  needResched = false;
  private readonly views = space();

  constructor(settings: Partial<SoftnetSettings> = {}) {
    const { views, clock } = this;
    this.states = Array.from({ length: INSTANCES }, (_, id) => new NapiState(views, NAPIS + id * NAPI_BYTES));
    for (const state of this.states) state.create();
    const deliver = () => {
      this.atDelivery();
      return 0;
    };
    const needResched = () => this.needResched;
    this.softirqs = new Softirqs(views, SOFTIRQ, clock, { deliver, needResched }, COUNTERS);
    this.watchRaises();
    Softnet.create(views, SOFTNET);
    const all = { ...SETTINGS, ...settings };
    this.softnet = new Softnet(views, SOFTNET, CPU, this.states, this.softirqs, clock, deliver, all, COUNTERS);
    this.watchPasses();
  }

  /** Instances A, B, … that do what `polls` say. */
  add(...polls: readonly FakePoll[]): void {
    polls.forEach((poll, id) => {
      const named = () => {
        this.passes.push((this.passes.pop() ?? '') + nameOf(id));
        return poll(this, id);
      };
      this.softnet.add(id, { poll: named });
    });
  }

  /** The interrupts of these instances, as `AB`; then irq_exit. */
  irq(names: string): void {
    this.schedule(names);
    this.softirqs.irqExit();
  }

  schedule(names: string): boolean[] {
    return [...names].map((name) => this.softnet.schedule(idOf(name)));
  }

  /** `count` passes of handle_softirqs, one by one: a task wants the CPU after each. */
  run(count: number): void {
    this.needResched = true;
    for (let pass = 0; pass < count; pass += 1) this.softirqs.irqExit();
    this.needResched = false;
  }

  advanceMs(ms: number): void {
    this.clock.advance(ms * MS);
  }

  count(name: keyof typeof COUNTERS): number {
    return counterAt(this.views, COUNTERS[name]);
  }

  get polls(): number {
    return this.passes.join('').length;
  }

  private watchRaises(): void {
    const { softirqs } = this;
    const raise = softirqs.raise.bind(softirqs);
    softirqs.raise = (vector) => {
      if (vector === NET_RX_SOFTIRQ) this.raises += 1;
      raise(vector);
    };
  }

  private watchPasses(): void {
    const run = () => {
      this.passes.push('');
      this.softnet.run();
    };
    this.softirqs.open(NET_RX_SOFTIRQ, { run });
  }
}

export function idOf(name: string): number {
  return name.charCodeAt(0) - 'A'.charCodeAt(0);
}

function nameOf(id: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + id);
}

/** Always uses its whole weight. */
export const busy: FakePoll = () => WEIGHT;

/** Finds `work` packets, and completes. */
export function finds(work: number): FakePoll {
  return (rig, id) => {
    rig.softnet.completeDone(id);
    return work;
  };
}
