// Cold. Runs on: every thread of the explorer.
// The explorer's own shared memory, apart from the scenario's. Whoever holds the turn may write any of it; a turn is
// handed over with real Atomics (turns.ts), which makes the plain writes before it visible to the next holder.

/** Taken before the agent puts the stepping Atomics in its place: the engine itself is never stepped. */
export const real = globalThis.Atomics;

// Header, one int32 each.
const COMMAND = 0; // what a thread does when it gets the turn      main
const VERDICT = 1; // how the schedule ended                         turn's holder
const HOLDER = 2; // whose turn it is                               whoever hands over
const STEPS = 3; // steps made so far in this schedule              turn's holder
const PLANNED = 4; // how many steps the plan prescribes             main
const TICKETS = 5; // queue numbers given to resting threads         turn's holder
const TEXT_BYTES = 6; // length of the message in `text`             turn's holder
const HEADER_WORDS = 7;

const TURN_WORDS = 16; // a cache line per turn word
const RECORD_WORDS = 4;
const TRACE_WORDS = 6;
const TRACE_DOUBLES = 3;
const TEXT_LIMIT = 4096;

export const ATTACH = 1;
export const RUN = 2;
export const ABANDON = 3;
export const QUIT = 4;

const VERDICTS = ['none', 'done', 'stuck', 'livelock', 'threw', 'broken', 'unrepeatable'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Everything is sent to the workers by structured clone, which shares the buffers. */
export interface ControlMemory {
  readonly threads: number;
  readonly stepLimit: number;
  readonly header: Int32Array;
  readonly turns: Int32Array;
  readonly records: Int32Array;
  readonly plan: Int8Array;
  readonly trace: Int32Array;
  readonly values: Float64Array;
  readonly text: Uint8Array;
  readonly snapshots: Uint8Array;
  /** Per word of the scenario's memory: 1 + the thread that touches it without a step, or 0. */
  readonly owners: Uint8Array;
}

export function createControl(threads: number, stepLimit: number, memoryBytes: number): ControlMemory {
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
  return {
    threads,
    stepLimit,
    header: words(HEADER_WORDS),
    turns: words((threads + 1) * TURN_WORDS),
    records: words((threads + 1) * RECORD_WORDS),
    plan: new Int8Array(new SharedArrayBuffer(stepLimit + 1)),
    trace: words((stepLimit + 1) * TRACE_WORDS),
    values: new Float64Array(new SharedArrayBuffer((stepLimit + 1) * TRACE_DOUBLES * 8)),
    text: new Uint8Array(new SharedArrayBuffer(TEXT_LIMIT)),
    snapshots: new Uint8Array(new SharedArrayBuffer(threads * memoryBytes)),
    owners: new Uint8Array(new SharedArrayBuffer(memoryBytes / 4)),
  };
}

/** The header, by name. */
export class Control {
  readonly memory: ControlMemory;
  /** Main's index: it comes after the threads. */
  readonly main: number;
  private readonly header: Int32Array;

  constructor(memory: ControlMemory) {
    this.memory = memory;
    this.main = memory.threads;
    this.header = memory.header;
  }

  /** Main, before each schedule. */
  begin(plan: Int8Array): void {
    this.header.fill(0);
    this.memory.records.fill(0);
    this.memory.plan.set(plan);
    this.header[PLANNED] = plan.length;
  }

  get command(): number {
    return this.header[COMMAND]!;
  }
  set command(command: number) {
    this.header[COMMAND] = command;
  }

  get verdict(): Verdict {
    return VERDICTS[this.header[VERDICT]!]!;
  }

  get holder(): number {
    return real.load(this.header, HOLDER);
  }
  set holder(thread: number) {
    real.store(this.header, HOLDER, thread);
  }

  get steps(): number {
    return real.load(this.header, STEPS);
  }
  set steps(steps: number) {
    real.store(this.header, STEPS, steps);
  }

  get planned(): number {
    return this.header[PLANNED]!;
  }

  nextTicket(): number {
    return this.header[TICKETS]!++;
  }

  end(verdict: Verdict, message = ''): void {
    this.header[VERDICT] = VERDICTS.indexOf(verdict);
    this.header[TEXT_BYTES] = Buffer.from(this.memory.text.buffer).write(message, 'utf8');
  }

  get message(): string {
    return Buffer.from(this.memory.text.buffer, 0, this.header[TEXT_BYTES]).toString('utf8');
  }
}

export function turnWord(thread: number): number {
  return thread * TURN_WORDS;
}

export function recordWord(thread: number): number {
  return thread * RECORD_WORDS;
}

export function traceWord(step: number): number {
  return step * TRACE_WORDS;
}

export function traceDouble(step: number): number {
  return step * TRACE_DOUBLES;
}
