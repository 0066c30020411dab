// Cold. Runs on: main.
// The workers of threaded NAPIs as threads: started when threaded mode is switched on, ended when it is off, while all others go on.
//
//   none → starting    its thread is made
//   starting → runs    it has been in its loop
//   starting → failed  it died before that: there is no thread, and whoever wanted it is told why
//   runs → leaving     STOP stands in its context words, and its instance is not threaded any more
//   leaving → none     it has ended
//   runs → none        it died: the machine stops

import { ContextWords } from '../memory/context.js';
import type { NapiWorkers } from '../napi/threaded.js';
import { threadUse } from '../runtime/thread.js';
import { RoleError } from './errors.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';
import { Roles } from './roles.js';
import type { PollerInfo } from './snapshot-threads.js';
import type { WorkerTask } from './worker-task.js';

const START_MS = 15_000;
const LEAVE_MS = 2000;

type State = 'starting' | 'runs' | 'leaving';

interface Worker {
  readonly name: string;
  state: State;
  /** It has been in its loop. */
  ran: boolean;
  failure: RoleError | null;
  /** CPU time that its thread had used then. */
  startNs: number | null;
}

/** What it needs of the machine. */
export interface WorkerSeams {
  /** What the thread is given. */
  task(queue: number, name: string): WorkerTask;
  /** It died, or had to be ended, although it was to go on. */
  fail(error: RoleError): void;
}

export class NapiWorkerThreads implements NapiWorkers {
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly contexts: readonly ContextWords[];
  private readonly seams: WorkerSeams;
  private readonly roles: Roles;
  private readonly workers = new Map<number, Worker>();
  /** The machine ends: none starts any more. */
  private over = false;

  /** @param count how many queues there is room for */
  constructor(machine: Machine, plan: Plan, count: number, execArgv: readonly string[] | null, seams: WorkerSeams) {
    this.machine = machine;
    this.plan = plan;
    const addresses = plan.pollerContexts.slice(0, count);
    this.contexts = addresses.map((address) => new ContextWords(machine.views, address));
    this.seams = seams;
    this.roles = new Roles(execArgv, {
      returned: (role, _, asked) => {
        if (!asked) this.down(role, 'its loop ended although nobody asked');
      },
      died: (role, error) => this.down(role, error),
    });
  }

  contextOf(queue: number): number {
    return this.plan.pollers[queue]!.cpu;
  }

  /** @throws Error of Node's when there can be no such thread */
  start(queue: number, name: string): void {
    const worker: Worker = { name, state: 'starting', ran: false, failure: null, startNs: null };
    if (!this.over) this.startThread(queue, name);
    this.workers.set(queue, worker);
    void this.follow(queue, worker);
  }

  isRunning(queue: number): boolean {
    const worker = this.workers.get(queue)!;
    if (worker.failure === null) return worker.state === 'runs';
    this.workers.delete(queue);
    throw worker.failure;
  }

  stop(queue: number): boolean {
    const worker = this.workers.get(queue);
    if (worker === undefined) return true;
    if (worker.state !== 'leaving') {
      worker.state = 'leaving';
      void this.leave(queue, worker);
    }
    return false;
  }

  /** By queue. */
  infos(): PollerInfo[] {
    const { device, states } = this.machine;
    return this.contexts.map((context, queue) => {
      const napiId = device.idOf(states[queue]!);
      const worker = this.workers.get(queue);
      if (worker === undefined) return { name: `napi/${device.name}-${napiId}`, napiId, tid: 0, startNs: null };
      return { name: worker.name, napiId, tid: context.tid(), startNs: worker.startNs };
    });
  }

  /** At the end of all. @returns those that had to be ended */
  endAll(patienceMs: number): Promise<string[]> {
    this.over = true;
    return this.roles.endAll(patienceMs);
  }

  /** @internal For tests: ends one as an accident would. */
  kill(name: string): Promise<void> {
    return this.roles.kill(name);
  }

  private startThread(queue: number, name: string): void {
    const context = this.contexts[queue]!;
    try {
      this.roles.start(name, 'napi', context, this.seams.task(queue, name));
    } catch (error) {
      context.end();
      throw error;
    }
  }

  private async follow(queue: number, worker: Worker): Promise<void> {
    const deadline = performance.now() + START_MS;
    if (await this.roles.runs(worker.name, START_MS)) {
      worker.ran = true;
      if (worker.state === 'starting') worker.state = 'runs';
      worker.startNs = threadUse(this.contexts[queue]!.tid())?.cpuNs ?? null;
      return;
    }
    if (performance.now() > deadline) await this.roles.end(worker.name);
    else await this.roles.whenDown(worker.name); // It died, and why has been told then.
    if (!this.over) worker.failure ??= new RoleError(worker.name, `it did not start within ${START_MS} ms`);
  }

  private async leave(queue: number, worker: Worker): Promise<void> {
    const left = await this.roles.leave(worker.name, LEAVE_MS);
    this.workers.delete(queue);
    if (!left)
      this.seams.fail(new RoleError(worker.name, `did not leave its loop within ${LEAVE_MS} ms and was ended`));
  }

  private down(role: string, cause: unknown): void {
    const error = new RoleError(role, cause);
    const worker = [...this.workers.values()].find(({ name }) => name === role);
    if (worker === undefined || worker.ran) this.seams.fail(error);
    else worker.failure = error;
  }
}
