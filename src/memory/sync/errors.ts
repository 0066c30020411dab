// Cold. Runs on: every thread.
// What a wait for a primitive may end with instead.

/** A wait that found its limit passed. The message says who or what was waited for. */
export class SyncTimeoutError extends Error {
  override readonly name = 'SyncTimeoutError';
  /** The `threadId` of the thread that holds it; null where nobody does. */
  readonly holder: number | null;

  constructor(message: string, holder: number | null = null) {
    super(message);
    this.holder = holder;
  }
}

/** What a lock guards was left as a dead thread had it: pthread's ENOTRECOVERABLE. */
export class NotRecoverableError extends Error {
  override readonly name = 'NotRecoverableError';
}
