// Cold. Runs on: main.
// What was done to the machine of a round, in order and with its times: whoever looks for a fault begins here.

/** One operation. */
export interface LoggedOperation {
  readonly name: string;
  /** When it began, in ms since the traffic did. */
  readonly atMs: number;
  /** null: it was not over when the round was. */
  readonly tookMs: number | null;
  /** What it found wrong. */
  readonly fault: string | null;
}

/** The last ones are kept. */
const KEPT = 100;

export class RoundLog {
  private readonly counted = new Map<string, number>();
  private readonly entries: LoggedOperation[] = [];
  private startMs = 0;

  /** From now on the traffic runs. */
  begin(): void {
    this.startMs = performance.now();
  }

  /** How often each was done, by name. */
  get counts(): ReadonlyMap<string, number> {
    return this.counted;
  }

  /** The last ones, in order. */
  get last(): readonly LoggedOperation[] {
    return [...this.entries];
  }

  times(name: string): number {
    return this.counted.get(name) ?? 0;
  }

  /** One that takes no time. */
  note(name: string): void {
    this.enter(name, 0);
  }

  /** @returns what it found wrong; null: nothing */
  async run(name: string, operate: () => Promise<void>): Promise<string | null> {
    const at = this.enter(name, null);
    const fault = await operate().then(
      () => null,
      (error: unknown) => String(error),
    );
    const tookMs = performance.now() - this.startMs - at.atMs;
    const place = this.entries.indexOf(at);
    if (place >= 0) this.entries[place] = { ...at, tookMs, fault };
    return fault;
  }

  /** Names of those that are not over. */
  underWay(): string[] {
    return this.entries.filter(({ tookMs }) => tookMs === null).map(({ name }) => name);
  }

  private enter(name: string, tookMs: number | null): LoggedOperation {
    const entry = { name, atMs: performance.now() - this.startMs, tookMs, fault: null };
    this.counted.set(name, this.times(name) + 1);
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    return entry;
  }
}
