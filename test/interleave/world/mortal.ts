// Cold. Runs on: a worker of the explorer.
// Death between any two calls of Atomics, as terminate() may bring it.

class Death extends Error {}

/**
 * Runs `body`, and ends it after `calls` calls of Atomics. From then on a call has no effect, so that a finally block, which a real
 * death would not run, changes nothing that others see.
 */
export function dieAfter(calls: number, body: () => void): void {
  const alive = globalThis.Atomics;
  let left = calls;
  globalThis.Atomics = new Proxy(alive, {
    get(_, name) {
      const operation = Reflect.get(alive, name) as (...operands: unknown[]) => unknown;
      return (...operands: unknown[]) => {
        if (left === 0) throw new Death();
        left -= 1;
        return operation(...operands);
      };
    },
  });
  try {
    body();
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  } finally {
    globalThis.Atomics = alive;
  }
}
