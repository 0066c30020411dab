// Cold. Runs on: main.
// The workers of one scenario: started once, led through one schedule after another, closed at the end.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ABANDON, ATTACH, Control, createControl, QUIT, RUN, USUAL } from './control.js';
import { Exits } from './exits.js';
import { beginRaces, createRaceMemory, type RaceMemory } from './races.js';
import { bufferOf, loadScenario, type Scenario, type Shared } from './scenario.js';
import { Scheduler } from './scheduler.js';
import { Snapshots } from './snapshots.js';
import { beginStates, createStateMemory, type StateMemory, States } from './states.js';
import { ASLEEP, Threads } from './threads.js';
import { ENDS, readStep, type Step, takenAt } from './trace.js';
import { awaitTurn, hand } from './turns.js';
import type { ThreadData } from './worker.js';

const STEP_LIMIT = 2000;

/** A thread is stuck in its own code: the crew can run no further schedule. */
class NoAnswer extends Error {}

export class Crew {
  readonly scenario: Scenario;
  readonly control: Control;
  private readonly shared: Shared;
  private readonly raceMemory: RaceMemory | null;
  private readonly stateMemory: StateMemory | null;
  private readonly workers: readonly Worker[];
  private readonly threads: Threads;
  private readonly scheduler: Scheduler;
  private readonly patienceMs: number;
  private answering = true;

  private constructor(module: URL, root: URL, scenario: Scenario, patienceMs: number, allSchedules: boolean) {
    this.scenario = scenario;
    this.patienceMs = patienceMs;
    this.shared = scenario.create();
    const memory = bufferOf(this.shared);
    this.control = controlOf(scenario, memory.byteLength);
    const { races = false, threads, timeouts = false, plainSteps = !races } = scenario;
    this.raceMemory = races ? createRaceMemory(threads.length, memory.byteLength) : null;
    this.stateMemory = races && !allSchedules ? createStateMemory(threads.length, memory.byteLength) : null;
    this.threads = new Threads(this.control);
    const exitWord = scenario.ends?.word;
    this.scheduler = this.makeScheduler(memory, timeouts, exitWord);
    const { shared, raceMemory, stateMemory } = this;
    const urls = { module: module.href, root: root.href };
    const memories = { shared, control: this.control.memory, raceMemory, stateMemory };
    const common = { ...urls, ...memories, exitWord, timeouts, plainSteps };
    this.workers = threads.map((_, me) => startWorker({ ...common, me }));
  }

  /** Main's: it lets the first thread run. */
  private makeScheduler(memory: SharedArrayBuffer, timeouts: boolean, exitWord: number | undefined): Scheduler {
    const { control, threads, raceMemory, stateMemory } = this;
    const snapshots = new Snapshots(memory, control.memory.snapshots);
    const states = stateMemory === null ? null : new States(stateMemory, control, threads, memory, control.main);
    const exits = new Exits(control, threads, memory, exitWord, raceMemory, states);
    return new Scheduler(control, control.main, threads, snapshots, { timeouts, always: () => null, exits, states });
  }

  /**
   * @param patienceMs how long a thread may run between two steps
   * @param allSchedules a search follows each to its end, whatever states it meets
   */
  static async start(module: URL, root: URL, patienceMs: number, allSchedules = false): Promise<Crew> {
    const crew = new Crew(module, root, await loadScenario(module, root), patienceMs, allSchedules);
    try {
      await Promise.all(crew.workers.map((worker) => once(worker, 'message')));
    } catch (error) {
      crew.answering = false;
      await crew.close();
      throw error;
    }
    return crew;
  }

  /** A search may leave out what leads to states that it meets anyhow. */
  get reduces(): boolean {
    return this.stateMemory !== null;
  }

  get alive(): boolean {
    return this.answering;
  }

  /**
   * One schedule, from reset: null when all is well, else what went wrong.
   * @param preemptions of the plan, for the mode SEARCH
   */
  run(plan: Int8Array, mode = USUAL, preemptions = 0): string | null {
    try {
      const message = this.schedule(plan, mode, preemptions);
      if (this.control.verdict !== 'done' || this.control.ended !== 0) this.command(ABANDON);
      return message;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.answering = false;
      return error.message;
    }
  }

  /** The steps of the last schedule. */
  trace(): Step[] {
    return Array.from({ length: this.control.steps }, (_, step) => readStep(this.control.memory, step));
  }

  /** The choices of the last schedule; of a thread that does not answer, also that which set it going. */
  decisions(): Int8Array {
    const { memory, steps } = this.control;
    return Int8Array.from({ length: this.answering ? steps : steps + 1 }, (_, step) => takenAt(memory, step));
  }

  label(address: number): string {
    return this.scenario.label?.(address) ?? `@${address}`;
  }

  name(thread: number): string {
    return this.scenario.threads[thread] ?? `thread ${thread}`;
  }

  async close(): Promise<void> {
    this.control.command = QUIT;
    await Promise.all(this.workers.map((worker, thread) => this.end(worker, thread)));
  }

  private async end(worker: Worker, thread: number): Promise<void> {
    if (!this.answering) {
      await worker.terminate();
      return;
    }
    const exit = once(worker, 'exit');
    hand(this.control, thread);
    await exit;
  }

  private schedule(plan: Int8Array, mode: number, preemptions: number): string | null {
    const { control, scenario, shared } = this;
    new Uint8Array(bufferOf(shared)).fill(0);
    scenario.reset(shared);
    control.begin(plan, mode, preemptions);
    if (this.stateMemory !== null) beginStates(this.stateMemory);
    if (this.raceMemory !== null) beginRaces(this.raceMemory, control.memory.stepLimit);
    this.command(ATTACH);
    if (control.verdict !== 'none') return control.message;
    control.command = RUN;
    this.scheduler.start();
    this.awaitThreads();
    return this.judge();
  }

  private judge(): string | null {
    switch (this.control.verdict) {
      case 'done':
        return this.check();
      case 'stuck':
        return this.ask(() => this.stuck()) ?? this.check();
      case 'livelock':
        return `livelock: no end after ${this.control.steps} steps`;
      case 'met':
        return null;
      case 'race':
        return this.control.message;
      case 'unrepeatable':
        return `the schedule cannot be repeated (is the scenario deterministic?): ${this.control.message}`;
      default:
        return `${this.control.verdict}: ${this.lastName()}: ${this.control.message}`;
    }
  }

  private lastName(): string {
    return this.name(takenAt(this.control.memory, this.control.steps - 1) % ENDS);
  }

  private check(): string | null {
    return this.ask(() => this.scenario.check(this.shared, this.ended()));
  }

  private ended(): string[] {
    return this.scenario.threads.filter((_, thread) => (this.control.ended & (1 << thread)) !== 0);
  }

  /** A check that throws has found something too; the threads must be led out of their bodies all the same. */
  private ask(question: () => string | null): string | null {
    try {
      return question();
    } catch (error) {
      return String(error);
    }
  }

  private stuck(): string | null {
    const asleep = this.scenario.threads.map((_, thread) => thread).filter((thread) => this.sleeps(thread));
    const names = asleep.map((thread) => this.name(thread));
    if (this.scenario.rest !== undefined) return this.scenario.rest(this.shared, names, this.ended());
    const sleepers = asleep.map(
      (thread) => `${this.name(thread)} sleeps on ${this.label(this.threads.address(thread))}`,
    );
    return `deadlock: ${sleepers.join(', ')}`;
  }

  private sleeps(thread: number): boolean {
    return this.threads.status(thread) === ASLEEP;
  }

  /** All threads do it, one after the other. */
  private command(command: number): void {
    this.control.command = command;
    hand(this.control, 0);
    this.awaitThreads();
  }

  private awaitThreads(): void {
    const { control } = this;
    for (let steps = control.steps; ; steps = control.steps) {
      if (awaitTurn(control, control.main, this.patienceMs)) return;
      if (steps === control.steps) throw new NoAnswer(this.noAnswer());
    }
  }

  private noAnswer(): string {
    const thread = this.control.holder;
    const last = this.trace().findLast((step) => step.thread === thread && step.op !== 'plain');
    const where =
      last === undefined ? 'it has made no call yet' : `its last call: ${last.op} ${this.label(last.address)}`;
    return `${this.name(thread)} does not answer within ${this.patienceMs} ms; ${where}`;
  }
}

function controlOf({ threads, ends, stepLimit = STEP_LIMIT }: Scenario, memoryBytes: number): Control {
  const endable = (ends?.threads ?? []).reduce((bits, name) => bits | (1 << threads.indexOf(name)), 0);
  const endsMax = endable === 0 ? 0 : (ends?.most ?? 1);
  const endsTold = ends?.word !== undefined;
  return new Control(createControl({ threads: threads.length, stepLimit, memoryBytes, endable, endsMax, endsTold }));
}

function startWorker(data: ThreadData): Worker {
  // A test runner's loaders, which come by execArgv and by NODE_OPTIONS, have no business here and slow the start.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return new Worker(new URL('worker.js', import.meta.url), { workerData: data, execArgv: [], env });
}
