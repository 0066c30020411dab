// Cold. Runs on: main.
// What every benchmark shares: its heading with the topology, how large it runs, and how it ends.

import { availableParallelism, cpus, loadavg } from 'node:os';

/** `--small`: seconds become tenths, so that the test suite can run every benchmark and it cannot rot. */
export const small = process.argv.includes('--small');

/** Prints title, drawing and machine. The drawing is part of the answer: a figure without its topology says nothing. */
export function heading(title: string, drawing: string): void {
  const { model } = cpus()[0] ?? { model: 'unknown' };
  console.log(`${title}\n${drawing}`);
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores (${model.trim()}), load ${loadavg()[0]!.toFixed(2)}\n`,
  );
}

/** Ends the benchmark with an error when its own answer is wrong. */
export function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`wrong answer: ${what}`);
  process.exit(1);
}

export function mpps(packetsPerSecond: number): string {
  return `${(packetsPerSecond / 1e6).toFixed(2)} Mpps`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** Only differences mean something. */
export function nowNs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}

/** What reading the clock costs: a lap in which nothing is done. */
export function lapNs(): number {
  const laps = Array.from({ length: 1001 }, () => {
    const start = nowNs();
    return nowNs() - start;
  });
  return median(laps);
}
