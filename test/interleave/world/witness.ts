// Cold. Runs on: every thread of the explorer.
// What a scenario notes beside the machine, in words behind it, and what must hold at each step.
//
//   0    DELIVERED  frames that sinks have seen                     whoever runs the sink
//   1    LINE_SEEN  the line's word after the last step             whoever made it
//   2    NAPI_SEEN  the instance's state word, likewise
//   3    LEAVING    1 + the CPU whose NAPI has been moved away      who moved it
//   4    POLLS_LEFT how often that CPU may still poll               that CPU
//   8 …  what a scenario notes besides (heir.ts)
//   16 … the frames' numbers, in the order of delivery              whoever runs the sink

import type { Bursts } from '../../../src/bursts/bursts.js';
import type { Views } from '../../../src/memory/views.js';
import type { Burst } from '../../../src/net/sink.js';
import { holderOf, lawBroken } from './laws.js';

const DELIVERED = 0;
const LINE_SEEN = 1;
const NAPI_SEEN = 2;
const LEAVING = 3;
const POLLS_LEFT = 4;
/** From here on, others may note something. */
export const NOTES = 8;
const LOG = 16;
const LOG_WORDS = 128;
export const WITNESS_WORDS = LOG + LOG_WORDS;

export class Witness {
  private readonly base: number;
  private readonly line: number;
  private readonly napi: number;
  private readonly frames: readonly Uint8Array[];

  /** @param base word index; `line`, `napi`: of the words that are watched */
  constructor(base: number, line: number, napi: number, frames: readonly Uint8Array[]) {
    this.base = base;
    this.line = line;
    this.napi = napi;
    this.frames = frames;
  }

  reset({ words }: Views): void {
    words[this.base + LINE_SEEN] = words[this.line]!;
    words[this.base + NAPI_SEEN] = words[this.napi]!;
  }

  /** The sink: notes which frames came. @throws Error at the first wrong byte */
  receive({ words }: Views, burst: Burst): void {
    for (let index = 0; index < burst.count; index++) {
      const bytes = new Uint8Array(burst.length(index));
      burst.copy(index, bytes);
      const frame = bytes[0]!;
      if (Buffer.compare(bytes, this.frames[frame] ?? new Uint8Array()) !== 0) {
        throw new Error(`wrong bytes, as if of frame ${frame}`);
      }
      words[this.base + LOG + words[this.base + DELIVERED]!] = frame;
      words[this.base + DELIVERED]!++;
    }
  }

  delivered({ words }: Views): number {
    return words[this.base + DELIVERED]!;
  }

  /** Null when every frame was delivered, once and in order. */
  undelivered(views: Views): string | null {
    return this.disorder(views, 0, 0) ?? this.missing(views, 0);
  }

  /** Null when frames were delivered once and in order, but for `lost` of them after the first `before`. */
  disorder(views: Views, before: number, lost: number): string | null {
    const log = this.base + LOG;
    const delivered = views.words.subarray(log, log + this.delivered(views));
    const due = (index: number) => (index < before ? index : index + lost);
    const wrong = delivered.findIndex((frame, index) => frame !== due(index));
    return wrong < 0 ? null : `frame ${delivered[wrong]} was delivered when frame ${due(wrong)} was due`;
  }

  /** Null when all were delivered but `lost` of them. */
  missing(views: Views, lost: number): string | null {
    const delivered = this.delivered(views);
    const { length } = this.frames;
    return delivered === length - lost
      ? null
      : `delivered=${delivered} of ${length} frames${lost > 0 ? `, lost=${lost}` : ''}`;
  }

  /** The NAPI has been told to leave this CPU, which may poll it `polls` times more. */
  leaving({ words }: Views, cpu: number, polls: number): void {
    words[this.base + LEAVING] = cpu + 1;
    words[this.base + POLLS_LEFT] = polls;
  }

  /** Only the SCHED holder may touch the driver's side of ring and pool: two pollers, or a late one, are caught here. */
  guarded(bursts: Bursts, { words }: Views, cpu: number): Bursts {
    const guard = (what: string) => {
      const holder = holderOf(words[this.napi]!);
      if (holder !== cpu) throw new Error(`cpu${cpu} calls ${what}, and SCHED is held by ${holder}`);
    };
    return {
      ...bursts,
      take: (...args) => {
        guard('take');
        if (words[this.base + LEAVING] === cpu + 1 && words[this.base + POLLS_LEFT]!-- === 0) {
          throw new Error(`cpu${cpu} polls, although its NAPI has moved`);
        }
        return bursts.take(...args);
      },
      recycle: (...args) => {
        guard('recycle');
        return bursts.recycle(...args);
      },
      refill: (...args) => {
        guard('refill');
        return bursts.refill(...args);
      },
    };
  }

  /** For `always`: the last step obeyed the tables of line.ts and state.ts, and order. `cpu`: who made it, -1 = none. */
  lawful(views: Views, cpu: number): string | null {
    const { words } = views;
    const line = words[this.line]!;
    const napi = words[this.napi]!;
    const broken = lawBroken(words[this.base + LINE_SEEN]!, line, words[this.base + NAPI_SEEN]!, napi, cpu);
    words[this.base + LINE_SEEN] = line;
    words[this.base + NAPI_SEEN] = napi;
    return broken ?? this.disorder(views, 0, 0);
  }
}
