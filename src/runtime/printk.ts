// Cold. Runs on: every thread.
// What the kernel prints when something is odd and it goes on all the same. Where the lines go comes from outside.

export class Printk {
  private readonly write: (line: string) => void;
  private readonly times = new Map<string, number>();

  constructor(write: (line: string) => void) {
    this.write = write;
  }

  print(line: string): void {
    this.write(line);
  }

  /**
   * pr_warn_once, or as often as `max`. The kernel counts for the whole machine, we for one thread.
   * @param site which place in the code says so
   */
  once(site: string, line: string, max = 1): void {
    const times = this.times.get(site) ?? 0;
    if (times >= max) return;
    this.times.set(site, times + 1);
    this.write(line);
  }
}

/** To standard error, by way of main. */
export function stderrPrintk(): Printk {
  return new Printk((line) => console.warn(line));
}
