// Cold. Runs on: main.
// One round: a machine as it was drawn, operations at random moments while traffic runs, and afterwards every check.

import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError } from '../coordinator/errors.js';
import { type RunningHost, startHost } from '../coordinator/host.js';
import type { HostOptions } from '../coordinator/options.js';
import type { Snapshot } from '../coordinator/snapshot-types.js';
import { Watchdog } from '../coordinator/watchdog.js';
import type { Random } from '../runtime/random.js';
import type { DrawnRound } from './draw.js';
import type { FlowRecord } from './flow-record.js';
import { type Operation, shuffled } from './operation.js';
import { ACCIDENTS, OPERATIONS, STOP, STOP_IN_A_MOVE } from './operations.js';
import { LOCK_UP } from './operations-cpus.js';
import { moveBeside } from './operations-lines.js';
import { attachThreads, threadsEnd } from './round-attached.js';
import { roundViolations } from './round-checks.js';
import { RoundFiles } from './round-files.js';
import { type LoggedOperation, RoundLog } from './round-log.js';
import { machineOptions } from './round-machine.js';

const LOOK_MS = 100;
/** Where there are operations, the harness does not stop the traffic before it has seen so many: a slow machine takes long over one. */
const OPERATIONS_MIN = 4;
/** A round that has not ended so long after its traffic will not end. */
const END_MS = 60_000;
/** An operation that is not over so long after the machine's end never will be. */
const OPERATION_MS = 20_000;

export interface RoundResult {
  /** Null when the machine did not come to an orderly end. */
  readonly snapshot: Snapshot | null;
  /** How often each operation was done, by name. */
  readonly operations: ReadonlyMap<string, number>;
  /** The last of them, in order. */
  readonly log: readonly LoggedOperation[];
  /** One line for each thing that is wrong. */
  readonly violations: readonly string[];
}

export class RoundRun {
  private readonly drawn: DrawnRound;
  private readonly record: FlowRecord;
  private readonly log = new RoundLog();
  private readonly violations: string[] = [];
  private host: RunningHost | null = null;
  private watchdog: Watchdog | null = null;
  /** Operations that are over. */
  private ended = 0;
  private over = false;
  private stopped = false;
  private gaveUp = false;

  constructor(drawn: DrawnRound, record: FlowRecord) {
    this.drawn = drawn;
    this.record = record;
  }

  /** Packets so far. */
  get delivered(): number {
    return this.host === null ? 0 : this.host.snapshot().stack.delivered;
  }

  /** Ends the traffic. */
  stop(): void {
    this.stopped = true;
    if (this.host !== null) void this.stopInOrder(this.host);
  }

  /** A machine that stops waits for a CPU that is locked up no longer than for any other thread. */
  private async stopInOrder(host: RunningHost): Promise<void> {
    while (!this.over && this.log.underWay().includes(LOCK_UP)) await delay(1);
    host.stop().catch(() => {}); // Whoever awaits the end is told.
  }

  async run(start: (options: HostOptions) => Promise<unknown> = startHost): Promise<RoundResult> {
    this.record.clear();
    const files = new RoundFiles(this.drawn.course);
    let snapshot: Snapshot | null = null;
    try {
      const options = await machineOptions(this.drawn.options, this.record.buffer);
      this.host = (await start({ ...options, ...files.options })) as RunningHost;
      snapshot = await this.conduct(this.host);
    } catch (error) {
      if (error instanceof InvariantError) this.violations.push(...error.violations);
      else if (!this.gaveUp) this.violations.push(String(error));
    } finally {
      files.remove();
    }
    if (snapshot !== null) this.violations.push(...roundViolations(snapshot, this.evidence(snapshot)));
    const { log, violations } = this;
    return { snapshot, operations: log.counts, log: log.last, violations };
  }

  private async conduct(host: RunningHost): Promise<Snapshot> {
    this.log.begin();
    if (this.stopped) this.stop();
    const threads = attachThreads(host, this.record.buffer);
    const beside = Promise.all([this.watch(host), this.operate(host), this.end(host)]);
    try {
      return await host.done;
    } finally {
      this.over = true;
      await this.operationsEnd(beside);
      this.violations.push(...(await threadsEnd(threads)));
    }
  }

  private async operationsEnd(beside: Promise<unknown>): Promise<void> {
    let ended = false;
    const all = beside.finally(() => {
      ended = true;
    });
    const stop = performance.now() + OPERATION_MS;
    while (!ended && performance.now() < stop) await Promise.race([all, delay(LOOK_MS)]);
    if (ended) return;
    const why = `not over ${OPERATION_MS / 1000} s after the machine has ended`;
    this.violations.push(...this.log.underWay().map((name) => `${name}: ${why}`));
  }

  // ── what goes on beside the traffic, until it is over ──

  private async watch(host: RunningHost): Promise<void> {
    const { machine, plan } = host.supervisor.source;
    const watchdog = new Watchdog(machine, plan);
    this.watchdog = watchdog;
    const limitMs = performance.now() + this.drawn.options.duration! * 1000 + END_MS;
    while (!this.over) {
      await delay(LOOK_MS);
      const nowMs = performance.now();
      const stuck = this.over ? [] : watchdog.look(nowMs);
      if (stuck.length > 0) return this.giveUp(host, stuck);
      if (nowMs > limitMs && !this.over) {
        return this.giveUp(host, [`the round did not end within ${END_MS / 1000} s`, ...watchdog.describe(nowMs)]);
      }
    }
  }

  /** The threads of a machine that stands still may not listen any more. */
  private async giveUp(host: RunningHost, why: readonly string[]): Promise<void> {
    this.violations.push(...why);
    this.gaveUp = true; // What comes of that is our doing.
    await host.supervisor.kill('nic0');
  }

  private async operate(host: RunningHost): Promise<void> {
    const { random, course } = this.drawn;
    if (course.paceMs === Number.POSITIVE_INFINITY) return;
    for (const operation of dealt(host, random)) {
      await delay(2 * course.paceMs * random.next());
      if (this.over || host.supervisor.stopping) return; // A capture file may still be put in order.
      if (this.stopped && operation.name === LOCK_UP) continue; // Nor does the drain wait for it.
      await this.tryTo(operation.name, () => operation.run(host, random));
      this.ended += 1;
    }
  }

  private async end(host: RunningHost): Promise<void> {
    const { random, course } = this.drawn;
    if (!course.ends.startsWith('stop')) return;
    await Promise.race([this.enough(), host.done.catch(() => {})]);
    if (this.over) return;
    const moving = course.ends === STOP_IN_A_MOVE ? this.tryTo(STOP_IN_A_MOVE, () => moveBeside(host, random)) : null;
    if (moving === null) this.log.note(STOP);
    this.stop();
    await moving;
  }

  /** Of time, and of operations. The process does not wait for this when the machine has ended before. */
  private async enough(): Promise<void> {
    const { trafficMs, paceMs, hangs } = this.drawn.course;
    await delay(trafficMs, undefined, { ref: false });
    if (paceMs === Number.POSITIVE_INFINITY) return;
    const few = () => this.ended < OPERATIONS_MIN || (hangs !== null && this.log.times(LOCK_UP) === 0);
    while (!this.over && few()) await delay(1, undefined, { ref: false });
  }

  private async tryTo(name: string, operate: () => Promise<void>): Promise<void> {
    const fault = await this.log.run(name, operate);
    if (fault !== null) this.violations.push(`${name}: ${fault}`);
  }

  private evidence({ config }: Snapshot) {
    const { record, log } = this;
    const flows = this.drawn.course.capture?.flows ?? (config.flows as number);
    const accidents = ACCIDENTS.reduce((sum, name) => sum + log.times(name), 0);
    const standing = () => this.watchdog?.describe(performance.now()) ?? [];
    return { record, flows, accidents, standing };
  }
}

/** Without end: all that fit, in one order, round and round, so that none is long in coming; what few machines are made for comes first. */
function* dealt(host: RunningHost, random: Random): Generator<Operation> {
  const fitting = OPERATIONS.filter((operation) => operation.fits(host.config)).flatMap((operation) =>
    Array.from({ length: operation.times ?? 1 }, () => operation),
  );
  const order = shuffled(random, fitting.length);
  const first = order.findIndex((index) => fitting[index]!.name === LOCK_UP);
  if (first > 0) order.unshift(...order.splice(first, 1));
  for (;;) for (const index of order) yield fitting[index]!;
}
