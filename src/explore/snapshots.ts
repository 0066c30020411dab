// Cold. Runs on: whoever holds the turn.
// The scenario's memory as it was when a thread came to rest. Plain stores leave no other mark, so the whole memory is compared.

export class Snapshots {
  private readonly now: Buffer;
  private readonly kept: Buffer[] = [];

  constructor(memory: SharedArrayBuffer, snapshots: Uint8Array) {
    this.now = Buffer.from(memory);
    for (let at = 0; at < snapshots.byteLength; at += memory.byteLength) {
      this.kept.push(Buffer.from(snapshots.buffer, at, memory.byteLength));
    }
  }

  take(thread: number): void {
    this.now.copy(this.kept[thread]!);
  }

  changedSince(thread: number): boolean {
    return !this.now.equals(this.kept[thread]!);
  }
}
