// Cold. Runs on: main and the workers of sync.test.ts.
// What such a worker is told, and where in the shared memory it works, in byte addresses.

export interface SyncTask {
  readonly buffer: SharedArrayBuffer;
  readonly what: 'barrier' | 'barrier-wrong' | 'spin-wrong' | 'once' | 'once-throws' | 'once-slow';
  readonly parties: number;
  readonly rounds: number;
  readonly timeoutMs: number;
}

export const SYNC_AT = 64;
export const COUNT_AT = 256;
