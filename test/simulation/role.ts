// Cold. Runs on: main.
// One thread of the machine, as the scheduler sees it: an agent that runs, or sleeps on its doorbell. What a thread does when
// it is idle (src/runtime/idle.ts) is done here without a thread, so that a lost wake-up shows as a machine that stands still.

import { ContextWords } from '../../src/memory/context.js';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';
import type { Views } from '../../src/memory/views.js';
import type { Agent } from '../../src/runtime/agent.js';

export class Role {
  readonly agent: Agent;
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly context: ContextWords;
  private readonly doorbell: Doorbell;
  private readonly betweenAnnounceAndCheck: () => void;
  private active = false;
  private asleep = false;

  /** @param betweenAnnounceAndCheck called where another thread can ring without being heard */
  constructor(views: Views, context: number, agent: Agent, betweenAnnounceAndCheck: () => void) {
    this.agent = agent;
    this.words = views.words;
    this.at = context / 4;
    this.context = new ContextWords(views, context);
    this.doorbell = new Doorbell(views, context);
    this.betweenAnnounceAndCheck = betweenAnnounceAndCheck;
  }

  /** In the middle of a turn. */
  get isActive(): boolean {
    return this.active;
  }

  /** May be given a turn: not in the middle of one, and not asleep. */
  isReady(nowNs: number): boolean {
    if (this.active) return false;
    return !this.asleep || !isAsleep(this.words, this.at) || this.agent.nextNs() <= nowNs;
  }

  /** One turn. @param maySleep false: an idle thread spins on */
  turn(maySleep: boolean): void {
    this.active = true;
    if (this.asleep) this.doorbell.withdraw();
    this.asleep = false;
    if (this.agent.doWork() === 0 && maySleep) this.fallAsleep();
    this.context.turn();
    this.active = false;
  }

  private fallAsleep(): void {
    this.doorbell.announce();
    this.betweenAnnounceAndCheck();
    if (this.agent.workArrived()) this.doorbell.withdraw();
    else this.asleep = true;
  }
}
