// Cold. Runs on: main.
// NAPI instances of one CPU against the kernel's rules as a model. Whatever schedules them, in whatever context, with whatever budget, and
// whoever is disabled meanwhile: who is polled when, each bit, list and counter is the model's after every step.

import fc from 'fast-check';
import t from 'tap';
import type { ControlOperation } from '../../src/runtime/operation.js';
import { simulate } from '../../src/testing.js';
import { NetRxModel } from './net-rx-rules.js';

const NAPIS = 3;
const RUNS = 200;

type Step =
  | { readonly do: 'irq' | 'task'; readonly napi: number; readonly packets: number }
  | { readonly do: 'kick'; readonly napi: number; readonly other: number }
  | { readonly do: 'bh' | 'ksoftirqd' | 'resched' }
  | { readonly do: 'prefer' | 'disable' | 'enable'; readonly napi: number }
  | { readonly do: 'tune'; readonly napi: number; readonly defer: number; readonly isTimed: boolean }
  | { readonly do: 'budget' | 'advance'; readonly value: number };

/** Of an instance: no two are alike, so that no two timers expire at once. */
function timeoutOf(napi: number): number {
  return 20_000 + napi;
}

const napi = fc.nat(NAPIS - 1);
const packets = fc.constantFrom(0, 1, 2, 63, 64, 65, 128, 1000);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('irq' as const, 'task' as const), napi, packets }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('kick' as const), napi, other: napi }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('bh' as const, 'ksoftirqd' as const, 'resched' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('prefer' as const, 'disable' as const, 'enable' as const), napi }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('tune' as const),
      napi,
      defer: fc.nat(3),
      isTimed: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), value: fc.constantFrom(7000, 13_000, 20_003, 60_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('budget' as const), value: fc.constantFrom(-1, 1, 64, 65, 300) }),
  },
);

/** The machine and the model, side by side. */
class Pair {
  private readonly m = simulate();
  private readonly model = new NetRxModel(NAPIS);
  private readonly polls: string[] = [];
  private readonly rings = Array.from({ length: NAPIS }, () => ({ packets: 0, kicks: [] as number[] }));
  private readonly disables = new Map<number, ControlOperation>();
  private readonly napis = this.rings.map((ring, id) =>
    this.m.napi(String(id), (self, budget) => {
      const work = Math.min(ring.packets, budget);
      ring.packets -= work;
      this.polls.push(`${id}:${work}`);
      for (const other of ring.kicks.splice(0)) this.napis[other]!.schedule();
      if (work < budget) self.completeDone(work);
      return work;
    }),
  );

  run(one: Step): void {
    if (one.do === 'irq' || one.do === 'task') this.arrive(one.do, one.napi, one.packets);
    else if (one.do === 'kick') this.kick(one.napi, one.other);
    else if (one.do === 'budget') this.setBudget(one.value);
    else if (one.do === 'advance') this.advance(one.value);
    else if (one.do === 'tune') this.tune(one.napi, one.defer, one.isTimed ? timeoutOf(one.napi) : 0);
    else if (one.do === 'prefer' || one.do === 'disable' || one.do === 'enable') this.control(one.do, one.napi);
    else this.switchOn(one.do);
  }

  private switchOn(what: 'bh' | 'ksoftirqd' | 'resched'): void {
    if (what === 'bh') this.switchBh();
    else if (what === 'ksoftirqd') this.ksoftirqd();
    else this.switchResched();
  }

  private arrive(context: 'irq' | 'task', id: number, count: number): void {
    this.rings[id]!.packets += count;
    this.model.napis[id]!.ring += count;
    this.m.cpu[context](() => this.napis[id]!.schedule());
    if (context === 'irq') this.model.irq(id);
    else this.model.schedule(id);
  }

  private kick(id: number, other: number): void {
    this.rings[id]!.kicks.push(other);
    this.model.napis[id]!.kicks.push(other);
  }

  private advance(ns: number): void {
    this.m.advance(ns);
    this.m.cpu.irq();
    this.model.advance(ns);
  }

  private tune(id: number, deferHardIrqs: number, groFlushTimeoutNs: number): void {
    this.napis[id]!.tune({ deferHardIrqs, groFlushTimeoutNs });
    Object.assign(this.model.napis[id]!, { deferHardIrqs, flushTimeoutNs: groFlushTimeoutNs });
  }

  private setBudget(value: number): void {
    this.m.sysctls.set('net.core.netdev_budget', value);
    this.model.budget = value;
  }

  private switchBh(): void {
    if (this.model.isBhOff) {
      this.m.cpu.localBhEnable();
      this.model.bhEnable();
    } else {
      this.m.cpu.localBhDisable();
      this.model.bhDisable();
    }
  }

  private ksoftirqd(): void {
    if (this.model.isBhOff) return; // Somebody else runs.
    this.m.cpu.ksoftirqd();
    this.model.ksoftirqdTurn();
  }

  private switchResched(): void {
    this.m.cpu.needResched = !this.m.cpu.needResched;
    this.model.needResched = this.m.cpu.needResched;
  }

  private control(what: 'prefer' | 'disable' | 'enable', id: number): void {
    const it = this.model.napis[id]!;
    if (what === 'disable') this.disable(id);
    else if (what === 'prefer') {
      this.napis[id]!.set('PREFER_BUSY_POLL');
      it.prefer = true;
    } else if (it.parked) {
      this.napis[id]!.enable();
      this.model.enable(id);
    }
  }

  /** Begun, or tried once more. */
  private disable(id: number): void {
    const it = this.model.napis[id]!;
    if (it.parked) return;
    const operation = this.disables.get(id) ?? this.napis[id]!.beginDisable();
    it.disable = true;
    this.disables.set(id, operation);
    if (operation.step()) this.disables.delete(id);
    this.model.park(id);
  }

  /** What the machine says, and what the model. */
  get views(): [object, object] {
    const { cpu, trace } = this.m;
    const { model } = this;
    const machine = {
      polls: this.polls.length,
      last: this.polls.slice(-20),
      list: cpu.pollList.map(Number),
      flags: [cpu.inNetRxAction, cpu.pending.length > 0, cpu.ksoftirqdRunnable],
      counts: [cpu.timeSqueeze, cpu.softirqs.NET_RX, trace.of('softirq_raise').length, trace.of('sched_waking').length],
      bits: this.napis.map((it) => [
        it.has('SCHED'),
        it.has('MISSED'),
        it.has('DISABLE'),
        it.has('NPSVC'),
        it.has('PREFER_BUSY_POLL'),
        it.timerCpu !== null,
        it.deferCount,
      ]),
    };
    const expected = {
      polls: model.polls.length,
      last: model.polls.slice(-20),
      list: model.pollList,
      flags: [model.inNetRxAction, model.pending, model.ksoftirqd],
      counts: [model.timeSqueeze, model.netRx, model.raised, model.woken],
      bits: model.napis.map((it) => [
        it.sched,
        it.missed,
        it.disable,
        it.parked,
        it.prefer,
        it.timerNs !== null,
        it.deferCount,
      ]),
    };
    return [machine, expected];
  }
}

t.test(
  `${RUNS} courses of schedules, softirqs, timers and disables: after each step all is as in the model`,
  async (t) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const pair = new Pair();
        for (const [index, one] of steps.entries()) {
          pair.run(one);
          const [machine, model] = pair.views.map((view) => JSON.stringify(view));
          if (machine !== model) throw new Error(`step ${index}:\nmachine ${machine}\nmodel   ${model}`);
        }
      }),
      { numRuns: RUNS },
    );
    t.pass('no course differs');
  },
);
