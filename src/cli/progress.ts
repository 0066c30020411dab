// Cold. Runs on: main.
// What a person sees while it runs, on stderr: on a terminal one line that is rewritten, elsewhere a line each second.

import type { Snapshot } from '../coordinator/snapshot-types.js';
import { liveLine, type Sample } from '../report/live-line.js';
import { COLOURS, type Paint, PLAIN } from '../report/paint.js';

const TERMINAL_MS = 250;
const PLAIN_MS = 1000;
const COLUMNS = 100;
const CLEAR_LINE = '\r\x1b[2K';

/** Colours, where there is a terminal that has them and NO_COLOR is not set. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return stream.isTTY && !process.env.NO_COLOR && stream.hasColors() ? COLOURS : PLAIN;
}

export class Progress {
  private readonly stream: NodeJS.WriteStream;
  private readonly live: boolean;
  private timer: NodeJS.Timeout | undefined;
  private later: NodeJS.Timeout | undefined;
  private shown = '';

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.live = stream.isTTY && process.env.TERM !== 'dumb';
  }

  /** A line that stays. */
  note(text: string): void {
    this.clear();
    this.stream.write(`softirq: ${text}\n`);
    if (this.shown !== '') this.show(this.shown);
  }

  /** What goes on now: on a terminal until there is something newer to show. */
  phase(text: string): void {
    clearTimeout(this.later);
    if (this.live) this.show(text.slice(0, this.columns()));
    else this.note(text);
  }

  /** As phase(), if by then there is nothing newer. */
  phaseLater(text: string): void {
    this.later = setTimeout(() => this.phase(text), PLAIN_MS).unref();
  }

  /** Shows rates from now on, until end(). */
  watch(host: { snapshot(): Snapshot; activity(): string | null }): void {
    clearTimeout(this.later);
    const start = performance.now();
    const take = (): Sample => ({ atSeconds: (performance.now() - start) / 1000, snapshot: host.snapshot() });
    let before = take();
    const tick = () => {
      const activity = host.activity();
      if (activity !== null) {
        this.phase(activity);
        return;
      }
      const now = take();
      this.rates(before, now);
      before = now;
    };
    this.timer = setInterval(tick, this.live ? TERMINAL_MS : PLAIN_MS).unref();
  }

  /** Shows this line from now on, until end(). */
  showLine(make: () => string): void {
    const tick = () => {
      const line = make();
      if (this.live) this.show(line.slice(0, this.columns()));
      else this.stream.write(`${line}\n`);
    };
    this.timer = setInterval(tick, this.live ? TERMINAL_MS : PLAIN_MS).unref();
  }

  /** Takes the live line away. */
  end(): void {
    clearTimeout(this.later);
    clearInterval(this.timer);
    this.clear();
    this.shown = '';
  }

  private rates(before: Sample, now: Sample): void {
    if (!this.live) {
      this.stream.write(`${liveLine(before, now)}\n`);
      return;
    }
    this.show(liveLine(before, now, this.columns(), paintFor(this.stream)));
  }

  private columns(): number {
    // The last column stays free: some terminals begin a new line when it is filled.
    return Math.min(COLUMNS, (this.stream.columns || 80) - 1);
  }

  private show(text: string): void {
    this.stream.write(CLEAR_LINE + text);
    this.shown = text;
  }

  private clear(): void {
    if (this.live && this.shown !== '') this.stream.write(CLEAR_LINE);
  }
}
