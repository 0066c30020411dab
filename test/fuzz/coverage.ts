// Cold. Runs on: main.
// Which parts of the sources have run, by V8's precise coverage: block by block, without instrumenting anything.
// WebAssembly has none: the references guide, and their twins must agree with them.

import { type Profiler, Session } from 'node:inspector';

/** Characters of a script that have run. */
export interface Part {
  readonly url: string;
  readonly from: number;
  readonly to: number;
}

export class Coverage {
  private readonly session = new Session();
  private readonly covers: RegExp;
  /** Per script: 1 for each character that has run. */
  private readonly seen = new Map<string, Uint8Array>();
  /** Characters that have run. */
  covered = 0;

  constructor(covers: RegExp) {
    this.covers = covers;
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Of the scripts of which anything ran. Their first run, before anybody looked, does not count. */
  get share(): number {
    const total = [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
    return this.covered / Math.max(1, total);
  }

  /** What ran since the last call. */
  read(): Part[] {
    let scripts: Profiler.ScriptCoverage[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, report) => {
      if (error !== null) throw error;
      scripts = report.result;
    });
    const ours = scripts.filter(({ url }) => this.covers.test(url));
    return ours.flatMap(({ url, functions }) => functions.flatMap(({ ranges }) => partsIn(url, ranges)));
  }

  hasNew(parts: readonly Part[]): boolean {
    return parts.some(({ url, from, to }) => {
      const first = this.bitmap(url, to).indexOf(0, from);
      return first >= 0 && first < to;
    });
  }

  /** They are not new any more. */
  add(parts: readonly Part[]): void {
    for (const { url, from, to } of parts) {
      const seen = this.bitmap(url, to);
      for (let at = from; at < to; at++) {
        this.covered += 1 - seen[at]!;
        seen[at] = 1;
      }
    }
  }

  close(): void {
    this.session.post('Profiler.stopPreciseCoverage');
    this.session.disconnect();
  }

  private bitmap(url: string, length: number): Uint8Array {
    const seen = this.seen.get(url);
    if (seen !== undefined && seen.length >= length) return seen;
    const grown = new Uint8Array(length);
    if (seen !== undefined) grown.set(seen);
    this.seen.set(url, grown);
    return grown;
  }
}

/** The parts that ran. Ranges come outer before inner, and an inner one overrules what is around it. */
function partsIn(url: string, ranges: readonly Profiler.CoverageRange[]): Part[] {
  const [whole] = ranges;
  if (whole === undefined) return [];
  const covered = new Uint8Array(whole.endOffset - whole.startOffset);
  for (const { startOffset, endOffset, count } of ranges) {
    covered.fill(Math.min(count, 1), startOffset - whole.startOffset, endOffset - whole.startOffset);
  }
  const parts: Part[] = [];
  for (let at = 0; at < covered.length; ) {
    const from = covered.indexOf(1, at);
    if (from < 0) break;
    const to = covered.indexOf(0, from);
    at = to < 0 ? covered.length : to;
    parts.push({ url, from: whole.startOffset + from, to: whole.startOffset + at });
  }
  return parts;
}
