// Cold. Runs on: main.
// Who executes: of all CPUs' threads, the one whose code is on top of the stack. Others may be in the middle of something below it.

/** A CPU's thread, as far as it can end while its code is on the stack. */
export class Execution {
  /** Thrown to take the code of a thread that has ended off the stack: nothing that it would do next happens. */
  private readonly ended = new Error('simulate: the CPU that executes this was killed');
  private alive = true;
  private calls = 0;

  get isAlive(): boolean {
    return this.alive;
  }

  /** Its code is on the stack. */
  get isActive(): boolean {
    return this.calls > 0;
  }

  enter(): void {
    this.calls += 1;
  }

  leave(): void {
    this.calls -= 1;
  }

  end(): void {
    this.alive = false;
  }

  /** @throws what only endedBy() knows, when it has ended */
  goOn(): void {
    if (!this.alive) throw this.ended;
  }

  /** Also when what it went through has added to it. */
  endedBy(error: unknown): boolean {
    return error === this.ended || (error instanceof Error && error.cause !== undefined && this.endedBy(error.cause));
  }
}

/** The stack of one machine. */
export class Executions<T extends { readonly execution: Execution }> {
  private top: T | null = null;

  /** Whose code is on top; null: the test's own, on no CPU. */
  get current(): T | null {
    return this.top;
  }

  /** The test's own code, called by a thread: when that has ended in it, it does not go on, even if the code has caught what was thrown. */
  guard<A extends unknown[], R>(code: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      const result = code(...args);
      this.goOn();
      return result;
    };
  }

  /** @throws as Execution.goOn(), of whoever executes */
  goOn(): void {
    this.top?.execution.goOn();
  }

  /** Runs `code` as `thread`. @returns what it returned; undefined when the thread has ended in it */
  run<R>(thread: T, code: () => R): R {
    const before = this.top;
    const { execution } = thread;
    let result: R | undefined;
    this.top = thread;
    execution.enter();
    try {
      result = code();
    } catch (error) {
      if (!execution.endedBy(error) || before === thread) throw error;
    } finally {
      execution.leave();
      this.top = before;
    }
    before?.execution.goOn();
    return result as R;
  }
}
