// Cold. Runs on: main.
// The workers of one scenario: started once, led through one schedule after another, closed at the end.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AgentData } from './agent.js';
import { ABANDON, ATTACH, Control, createControl, QUIT, RUN } from './control.js';
import { bufferOf, loadScenario, type Scenario, type Shared } from './scenario.js';
import { Scheduler } from './scheduler.js';
import { Snapshots } from './snapshots.js';
import { ASLEEP, Threads } from './threads.js';
import { readStep, type Step, threadAt } from './trace.js';
import { awaitTurn, hand } from './turns.js';

const STEP_LIMIT = 2000;

/** A thread is stuck in its own code: the crew can run no further schedule. */
class NoAnswer extends Error {}

export class Crew {
  readonly scenario: Scenario;
  readonly control: Control;
  private readonly shared: Shared;
  private readonly workers: Worker[];
  private readonly threads: Threads;
  private readonly scheduler: Scheduler;
  private readonly patienceMs: number;
  private answering = true;

  private constructor(scenario: Scenario, shared: Shared, control: Control, workers: Worker[], patienceMs: number) {
    this.scenario = scenario;
    this.shared = shared;
    this.control = control;
    this.workers = workers;
    this.patienceMs = patienceMs;
    this.threads = new Threads(control);
    const snapshots = new Snapshots(bufferOf(shared), control.memory.snapshots);
    this.scheduler = new Scheduler(control, control.main, this.threads, snapshots, {
      timeouts: scenario.timeouts ?? false,
      always: () => null,
    });
  }

  static async start(spec: string, root: URL, patienceMs: number): Promise<Crew> {
    const scenario = await loadScenario(spec, root);
    const shared = scenario.create();
    const limit = scenario.stepLimit ?? STEP_LIMIT;
    const control = createControl(scenario.threads.length, limit, bufferOf(shared).byteLength);
    const workers = scenario.threads.map((_, me) => {
      const { timeouts = false, plainSteps = true } = scenario;
      return startAgent({ spec, root: root.href, me, shared, control, timeouts, plainSteps });
    });
    const crew = new Crew(scenario, shared, new Control(control), workers, patienceMs);
    try {
      await Promise.all(workers.map((worker) => once(worker, 'message')));
    } catch (error) {
      crew.answering = false;
      await crew.close();
      throw error;
    }
    return crew;
  }

  get alive(): boolean {
    return this.answering;
  }

  /** One schedule, from reset: null when all is well, else what went wrong. */
  run(plan: Int8Array): string | null {
    try {
      const message = this.schedule(plan);
      if (this.control.verdict !== 'done') this.command(ABANDON);
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

  private schedule(plan: Int8Array): string | null {
    const { control, scenario, shared } = this;
    new Uint8Array(bufferOf(shared)).fill(0);
    scenario.reset(shared);
    control.begin(plan);
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
        return this.ask(() => this.scenario.check(this.shared));
      case 'stuck':
        return this.ask(() => this.stuck() ?? this.scenario.check(this.shared));
      case 'livelock':
        return `livelock: no end after ${this.control.steps} steps`;
      case 'unrepeatable':
        return `the schedule cannot be repeated (is the scenario deterministic?): ${this.control.message}`;
      default:
        return `${this.control.verdict}: ${this.name(threadAt(this.control.memory, this.control.steps - 1))}: ${this.control.message}`;
    }
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
    if (this.scenario.rest !== undefined) return this.scenario.rest(this.shared, names);
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

function startAgent(data: AgentData): Worker {
  // A test runner's loaders, which come by execArgv and by NODE_OPTIONS, have no business here and slow the start.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return new Worker(new URL('agent.js', import.meta.url), { workerData: data, execArgv: [], env });
}
