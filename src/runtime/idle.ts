// Hot. Runs on: every worker.
// What a thread does when its agent has nothing to do: it spins for a bounded while that follows what spinning brought
// lately, then sleeps on its doorbell.

import { ContextWords } from '../memory/context.js';
import { Doorbell } from '../memory/doorbell.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import { pause } from '../memory/pause.js';
import type { Views } from '../memory/views.js';
import type { Agent } from './agent.js';
import type { Clock } from './clock.js';

export interface IdlePolicy {
  /** The agent found nothing to do. Returns when it should look again. */
  idle(agent: Agent): void;
  /** The agent had something to do. */
  busy(): void;
}

/** A wake-up costs the sender 9 to 16 µs and the sleeper up to 55 µs: longer spinning than this buys nothing. */
const SPIN_NS_MAX = 50_000;
const SPIN_NS_MIN = 1_000;
/** A timed wait returns some 100 µs late, so the last stretch before a known time is spun. */
const TIMER_SLACK_NS = 150_000;
const NEVER = -1;

/** @internal Exported for its name in profiles: all of a thread's sleep is charged here. */
function idleSleep(doorbell: Doorbell, timeoutMs: number): void {
  doorbell.wait(timeoutMs);
}

export class SpinThenSleep implements IdlePolicy {
  private readonly doubles: Float64Array;
  private readonly sleeps: number;
  private readonly context: ContextWords;
  private readonly doorbell: Doorbell;
  private readonly clock: Clock;
  private readonly spinNsMax: number;
  private readonly slackNs: number;
  private spinNs: number;
  private idleSinceNs = NEVER;

  /**
   * @param spin false where roles that can be runnable outnumber the cores: spinning would steal the peer's core
   * @param sleeps byte address of that counter
   */
  constructor(views: Views, contextAddress: number, clock: Clock, spin: boolean, sleeps: number) {
    this.doubles = views.doubles;
    this.sleeps = sleeps / DOUBLE_BYTES;
    this.context = new ContextWords(views, contextAddress);
    this.doorbell = new Doorbell(views, contextAddress);
    this.clock = clock;
    this.spinNsMax = spin ? SPIN_NS_MAX : 0;
    this.slackNs = spin ? TIMER_SLACK_NS : 0;
    this.spinNs = this.spinNsMax;
  }

  busy(): void {
    this.idleSinceNs = NEVER;
  }

  idle(agent: Agent): void {
    this.clock.tick();
    const now = this.clock.nowNs;
    if (this.idleSinceNs === NEVER) this.idleSinceNs = now;
    const sleepNs = agent.nextNs() - now - this.slackNs;
    if (sleepNs <= 0 || now - this.idleSinceNs < this.spinNs) {
      pause();
      return;
    }
    this.sleep(agent, sleepNs);
  }

  private sleep(agent: Agent, sleepNs: number): void {
    this.doorbell.announce();
    // The re-check: whoever published before our announce() may have seen us awake, and did not ring.
    if (agent.workArrived() || this.context.request() !== this.context.done()) {
      this.doorbell.withdraw();
      return;
    }
    this.doubles[this.sleeps] = this.doubles[this.sleeps]! + 1;
    idleSleep(this.doorbell, sleepNs / 1e6);
    this.clock.tick();
    this.learn(this.clock.nowNs - this.idleSinceNs);
    this.idleSinceNs = NEVER;
  }

  /** Spins longer while work comes sooner than spinning would last, and shorter while it does not. */
  private learn(idleNs: number): void {
    if (idleNs < 2 * this.spinNsMax) this.spinNs = Math.min(this.spinNsMax, this.spinNs * 2 + SPIN_NS_MIN);
    else this.spinNs = this.spinNs >> 1;
  }
}
