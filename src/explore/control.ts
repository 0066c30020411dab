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
const MODE = 7; // how choices are made behind the plan              main
const FRESH = 8; // threads that may end now: bit per thread          turn's holder
const ENDS_LEFT = 9; // how many may still end in this schedule      turn's holder
const ENDED = 10; // bit per thread that has ended                   turn's holder
const PREEMPTIONS = 11; // of the plan, with ends                    main
const HEADER_WORDS = 12;

const TURN_WORDS = 16; // a cache line per turn word
const RECORD_WORDS = 5;
const TRACE_WORDS = 8;
const TRACE_DOUBLES = 3;
const TEXT_LIMIT = 4096;

export const ATTACH = 1;
export const RUN = 2;
export const ABANDON = 3;
export const QUIT = 4;

/** Behind the plan: nobody is preempted; threads run by priority (pct.ts); or by a sketch (sketch.ts). */
export const USUAL = 0;
export const PRIORITIES = 1;
export const SKETCH = 2;
/** Nobody is preempted, and a state that was met before ends it (states.ts). */
export const SEARCH = 3;

const VERDICTS = ['none', 'done', 'stuck', 'livelock', 'threw', 'broken', 'race', 'met', 'unrepeatable'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Everything is sent to the workers by structured clone, which shares the buffers. */
export interface ControlMemory {
  readonly threads: number;
  readonly stepLimit: number;
  readonly header: Int32Array;
  readonly turns: Int32Array;
  readonly records: Int32Array;
  /** Bit per thread that may end. */
  readonly endable: number;
  readonly endsMax: number;
  /** Others are told of an end: when it comes matters even for a thread that rests. */
  readonly endsTold: boolean;
  readonly plan: Int8Array;
  /** What a random schedule follows: a priority per thread and one per thread's timer, and a change per step (pct.ts). */
  readonly priorities: Int32Array;
  readonly changes: Int8Array;
  /** What a sketched schedule follows: a choice per step of a thread's own (sketch.ts). */
  readonly switches: Int8Array;
  readonly ends: Int8Array;
  readonly trace: Int32Array;
  readonly values: Float64Array;
  readonly text: Uint8Array;
  readonly snapshots: Uint8Array;
  /** Per word of the scenario's memory: 1 + the thread that touches it without a step, or 0. */
  readonly owners: Uint8Array;
}

export interface ControlSize {
  readonly threads: number;
  readonly stepLimit: number;
  readonly memoryBytes: number;
  readonly endable: number;
  readonly endsMax: number;
  readonly endsTold: boolean;
}

export function createControl(size: ControlSize): ControlMemory {
  const { threads, stepLimit, memoryBytes, endable, endsMax, endsTold } = size;
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
  const bytes = (count: number) => new Int8Array(new SharedArrayBuffer(count));
  const ownSteps = (threads + 1) * (stepLimit + 1);
  return {
    threads,
    stepLimit,
    endable,
    endsMax,
    endsTold,
    header: words(HEADER_WORDS),
    turns: words((threads + 1) * TURN_WORDS),
    records: words((threads + 1) * RECORD_WORDS),
    plan: bytes(stepLimit + 1),
    priorities: words(2 * threads),
    changes: bytes(stepLimit + 1),
    switches: bytes(ownSteps),
    ends: bytes(ownSteps),
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
  begin(plan: Int8Array, mode: number, preemptions: number): void {
    const { stepLimit } = this.memory;
    if (plan.length > stepLimit) throw new RangeError(`schedule of ${plan.length} steps: must be at most ${stepLimit}`);
    this.header.fill(0);
    this.header[MODE] = mode;
    this.header[PREEMPTIONS] = preemptions;
    this.header[FRESH] = this.memory.endable;
    this.header[ENDS_LEFT] = this.memory.endsMax;
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

  get mode(): number {
    return this.header[MODE]!;
  }

  get preemptions(): number {
    return this.header[PREEMPTIONS]!;
  }

  /** Threads that have stepped or were woken since the last choice: to end now or later is not the same for them. */
  get fresh(): number {
    return this.header[FRESH]!;
  }
  set fresh(threads: number) {
    this.header[FRESH] = threads;
  }

  get endsLeft(): number {
    return this.header[ENDS_LEFT]!;
  }

  get ended(): number {
    return this.header[ENDED]!;
  }

  /** `thread` ends here. */
  endThread(thread: number): void {
    this.header[ENDS_LEFT]!--;
    this.header[ENDED]! |= 1 << thread;
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

/** In `switches` and `ends`: what comes after the step of its own with number `own`; 0 = before its first. */
export function sketchByte(memory: ControlMemory, thread: number, own: number): number {
  return thread * (memory.stepLimit + 1) + own;
}

export function traceDouble(step: number): number {
  return step * TRACE_DOUBLES;
}
