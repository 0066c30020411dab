// Cold. Runs on: a worker of the explorer.
// The entry point of a stepped thread: installs the stepping Atomics, loads the scenario, then does what main commands.

import { parentPort, workerData } from 'node:worker_threads';
import { watchViews } from './checking-views.js';
import { ABANDON, ATTACH, Control, type ControlMemory, QUIT, RUN } from './control.js';
import { Exits } from './exits.js';
import { type RaceMemory, Races, READ, WRITE } from './races.js';
import { bufferOf, loadScenario, type Scenario, type Shared } from './scenario.js';
import { ABANDONED, Scheduler } from './scheduler.js';
import { Snapshots } from './snapshots.js';
import { type StateMemory, States } from './states.js';
import { SteppingAtomics } from './stepping-atomics.js';
import { Threads } from './threads.js';
import { awaitTurn, hand } from './turns.js';

export interface ThreadData {
  readonly module: string;
  readonly root: string;
  readonly me: number;
  readonly shared: Shared;
  readonly control: ControlMemory;
  readonly raceMemory: RaceMemory | null;
  readonly stateMemory: StateMemory | null;
  readonly exitWord: number | undefined;
  readonly timeouts: boolean;
  readonly plainSteps: boolean;
}

const data: ThreadData = workerData;
const { me, shared } = data;
const control = new Control(data.control);
const { timeouts, plainSteps } = data;
const snapshots = new Snapshots(bufferOf(shared), data.control.snapshots);
const threads = new Threads(control);
const states = data.stateMemory === null ? null : new States(data.stateMemory, control, threads, bufferOf(shared), me);
const exits = new Exits(control, threads, bufferOf(shared), data.exitWord, data.raceMemory, states);
const scheduler = new Scheduler(control, me, threads, snapshots, { timeouts, always, exits, states });
const stepping = new SteppingAtomics(scheduler, bufferOf(shared), plainSteps, me, data.control.owners);
stepping.states = states;
stepping.install();
const scenario: Scenario = await loadScenario(new URL(data.module), new URL(data.root));
stepping.alone = new Set(scenario.alone);
if (data.raceMemory !== null) stepping.races = racesOf(data.raceMemory);
if (stepping.races !== null || scenario.storeSteps === true) watchPlainAccesses(stepping.races);

function racesOf(memory: RaceMemory): Races {
  return new Races(memory, scheduler, me, scenario.threads, (address) => scenario.label?.(address) ?? `@${address}`);
}

function watchPlainAccesses(races: Races | null): void {
  const storeSteps = scenario.storeSteps === true && (data.control.endable & (1 << me)) !== 0;
  const stepped = () => stepping.active && !scheduler.abandoned;
  const racing = new Set(scenario.racing);
  const watched = new Set(scenario.watched);
  const access = (address: number, kind: typeof READ | typeof WRITE) => {
    if (!stepped()) return;
    if (racing.has(address)) states?.call(address, kind);
    else races?.plain(address, kind);
    if (racing.has(address) || (kind === WRITE && watched.has(address))) scheduler.mark();
  };
  watchViews({
    read: (address) => access(address, READ),
    write: (address) => access(address, WRITE),
    wrote: (address, value) => void (storeSteps && stepped() && scheduler.endStep('write', address, value)),
  });
}

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
