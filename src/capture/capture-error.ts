// Cold. Runs on: main, NIC.

/** A capture that cannot be replayed, or not to its end. The message names the file, what was found, where, and what would be right. */
export class CaptureError extends Error {
  override readonly name: string = 'CaptureError';
  readonly path: string;
  /** The message without the path. */
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}
