// Cold. Runs on: main, and NIC before the first packet.

/** A capture that cannot be replayed. The message names the file, what was found, where, and what would be right. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.path = path;
  }
}
