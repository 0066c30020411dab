// Cold. Runs on: main.
// Rounds, one after the other, until there were enough or one has shown something wrong.

import { version } from '../coordinator/version.js';
import { type DrawnRound, drawRound } from './draw.js';
import { FlowRecord } from './flow-record.js';
import type { SoakConfig } from './options.js';
import { type RoundResult, RoundRun } from './round.js';
import type { LoggedOperation } from './round-log.js';
import type { Course } from './setting.js';
import { ENOUGH_ROUNDS, Visits } from './visits.js';

export interface SoakViolation {
  readonly round: number;
  /** One line for each thing that is wrong. */
  readonly what: readonly string[];
  /** The command that draws the same round again, and plays it alone. */
  readonly repeat: string;
  /** The options of its machine, as they were drawn. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the harness did around it; `paceMs` is null where there were no operations. */
  readonly course: Readonly<Omit<Course, 'paceMs'> & { paceMs: number | null }>;
  /** What was done to it, the last ones, in order. */
  readonly operations: readonly LoggedOperation[];
}

/** What came of it; the document that `softirq stress --json` prints. */
export interface SoakReport {
  readonly version: string;
  readonly node: string;
  readonly seed: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly packets: {
    readonly offered: number;
    readonly delivered: number;
    readonly dropped: number;
    readonly lostWithCpu: number;
  };
  readonly settings: Visits['settings'];
  readonly operations: Visits['operations'];
  readonly transitions: Visits['transitions'];
  /** Null when there were too few rounds to expect that everything was visited. */
  readonly neverVisited: readonly string[] | null;
  readonly violation: SoakViolation | null;
}

/** A timer cannot be longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Soak {
  private readonly config: SoakConfig;
  private readonly record = new FlowRecord();
  private readonly visits = new Visits();
  private readonly packets = { offered: 0, delivered: 0, dropped: 0, lostWithCpu: 0 };
  private readonly startMs = performance.now();
  private rounds = 0;
  private stopped = false;
  private drawn: DrawnRound | null = null;
  private run: RoundRun | null = null;
  private violation: SoakViolation | null = null;

  constructor(config: SoakConfig) {
    this.config = config;
  }

  /** Ends the traffic of the round that runs, and begins no further one. */
  stop(): void {
    this.stopped = true;
    this.run?.stop();
  }

  get seconds(): number {
    return (performance.now() - this.startMs) / 1000;
  }

  /** Packets so far. */
  get delivered(): number {
    return this.packets.delivered + (this.run?.delivered ?? 0);
  }

  /** The round that runs; null before the first. */
  get current(): DrawnRound | null {
    return this.drawn;
  }

  async toEnd(): Promise<SoakReport> {
    const timeUp = setTimeout(() => this.run?.stop(), Math.min(this.config.minutes * 60_000, TIMER_MS_MAX));
    for (let round = this.config.first; this.goesOn(round); round += 1) await this.play(round);
    clearTimeout(timeUp);
    return this.report();
  }

  private goesOn(round: number): boolean {
    const { last, packets, minutes } = this.config;
    const enough = this.packets.delivered >= packets || this.seconds >= minutes * 60;
    return round <= last && !enough && !this.stopped && this.violation === null;
  }

  private async play(number: number): Promise<void> {
    this.drawn = drawRound(this.config.seed, number);
    this.run = new RoundRun(this.drawn, this.record);
    const result = await this.run.run();
    this.run = null;
    this.rounds += 1;
    this.visits.add(this.drawn, result);
    this.addPackets(result);
    if (result.violations.length > 0) this.violation = this.violationOf(this.drawn, result);
  }

  private addPackets({ snapshot }: RoundResult): void {
    if (snapshot === null) return;
    this.packets.offered += snapshot.conservation.offered;
    this.packets.delivered += snapshot.conservation.delivered;
    this.packets.dropped += snapshot.conservation.dropped;
    this.packets.lostWithCpu += snapshot.conservation.lostWithCpu;
  }

  private violationOf({ number, options, course }: DrawnRound, { violations, log }: RoundResult): SoakViolation {
    return {
      round: number,
      what: violations,
      repeat: `softirq stress --seed ${this.config.seed} --round ${number}`,
      options: { ...options },
      course: { ...course, paceMs: Number.isFinite(course.paceMs) ? course.paceMs : null },
      operations: log,
    };
  }

  private report(): SoakReport {
    const { settings, operations, transitions } = this.visits;
    return {
      version,
      node: process.version,
      seed: this.config.seed,
      seconds: this.seconds,
      rounds: this.rounds,
      packets: this.packets,
      settings,
      operations,
      transitions,
      neverVisited: this.rounds >= ENOUGH_ROUNDS ? this.visits.never() : null,
      violation: this.violation,
    };
  }
}
