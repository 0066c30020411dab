// Cold. Runs on: a worker of the explorer.
// The entry point of a stepped thread: installs the stepping Atomics, loads the scenario, then does what main commands.

import { parentPort, workerData } from 'node:worker_threads';
import { ABANDON, ATTACH, Control, type ControlMemory, QUIT, RUN } from './control.js';
import { bufferOf, loadScenario, type Scenario, type Shared } from './scenario.js';
import { ABANDONED, Scheduler } from './scheduler.js';
import { Snapshots } from './snapshots.js';
import { SteppingAtomics } from './stepping-atomics.js';
import { Threads } from './threads.js';
import { awaitTurn, hand } from './turns.js';

export interface AgentData {
  readonly spec: string;
  readonly root: string;
  readonly me: number;
  readonly shared: Shared;
  readonly control: ControlMemory;
  readonly timeouts: boolean;
  readonly plainSteps: boolean;
}

const data: AgentData = workerData;
const { me, shared } = data;
const control = new Control(data.control);
const snapshots = new Snapshots(bufferOf(shared), data.control.snapshots);
const scheduler = new Scheduler(control, me, new Threads(control), snapshots, { timeouts: data.timeouts, always });
const stepping = new SteppingAtomics(scheduler, bufferOf(shared), data.plainSteps, me, data.control.owners);
stepping.install();
const scenario: Scenario = await loadScenario(data.spec, new URL(data.root));
stepping.alone = new Set(scenario.alone);

function always(): string | null {
  if (scenario.always === undefined) return null;
  const was = stepping.active;
  stepping.active = false;
  const broken = scenario.always(shared);
  stepping.active = was;
  return broken;
}

let body = (): unknown => undefined;

function attach(): void {
  try {
    body = scenario.thread(me, shared);
  } catch (error) {
    control.end('threw', `${scenario.threads[me]}: attach: ${String(error)}`);
  }
}

function run(): void {
  const thrown = runBody();
  if (scheduler.abandoned) hand(control, me + 1);
  else if (thrown === null) scheduler.finish();
  else scheduler.fail(thrown);
}

function runBody(): string | null {
  stepping.active = true;
  try {
    return body() instanceof Promise ? 'the body returned a promise: bodies are synchronous' : null;
  } catch (error) {
    return error === ABANDONED ? null : error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    stepping.active = false;
  }
}

parentPort?.postMessage('ready');
for (;;) {
  awaitTurn(control, me);
  if (control.command === QUIT) break;
  if (control.command === RUN) {
    run();
    continue;
  }
  // Every thread in turn, and then main, whose index is the last.
  if (control.command === ATTACH) attach();
  if (control.command === ABANDON) body = () => undefined;
  hand(control, me + 1);
}
