// Cold. Runs on: main.
// For what is a matter of time: on a crowded system one run may be late through no fault of the machine's. What is at fault is late
// each time.

const ATTEMPTS = 5;

/** Runs until one is in time, at most five times. @returns the last one, which the test judges */
export async function untilInTime<T>(run: () => Promise<T>, inTime: (result: T) => boolean): Promise<T> {
  let result = await run();
  for (let attempt = 1; attempt < ATTEMPTS && !inTime(result); attempt += 1) result = await run();
  return result;
}
