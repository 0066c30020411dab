// Cold. Runs on: main.
// One capture file that is recorded: opened before the threads start, finished when none runs any more.

import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createWriteArea, readWriteArea, unwrittenBlocks, type WriterTask } from '../capture/write-area.js';
import { writeWhole } from '../capture/write-file.js';
import { mergeParts } from '../capture/write-merge.js';
import type { Views } from '../memory/views.js';
import { RecordingError } from './errors.js';
import { fileBehind, mergingPath, partPath, type RecordingTarget, reasonOf } from './recording-paths.js';
import type { RecordingSnapshot } from './snapshot-types.js';

/** What one thread writes of the file. */
interface Part extends WriterTask {
  readonly role: string;
  readonly path: string;
  /** The file was not there before: it may be taken away while it holds nothing. */
  readonly isNew: boolean;
}

export class RecordingFile {
  readonly target: RecordingTarget;
  private readonly views: Views;
  private readonly areas: readonly number[];
  private parts: readonly Part[] = [];
  private prelude: Buffer = Buffer.alloc(0);
  private trailerBytes = 0;

  /** @param areas byte addresses of write areas, one for each role of the target */
  constructor(views: Views, target: RecordingTarget, areas: readonly number[]) {
    this.views = views;
    this.target = target;
    this.areas = areas;
  }

  /** @param prelude what the file, and each part of it, begins with @throws RecordingError */
  open(prelude: Buffer): void {
    this.prelude = prelude;
    this.target.roles.forEach((role, index) => {
      const path = partPath(this.target, role);
      const area = this.areas[index]!;
      this.attempt(path, [], () => {
        const isPart = path !== this.target.path;
        const isNew = isPart || !existsSync(path);
        // A part that is there is an earlier recording that nobody has put together.
        const part = { role, path, area, isNew, fd: openSync(path, isPart ? 'wx+' : 'w+') };
        this.parts = [...this.parts, part];
        writeWhole(part.fd, prelude);
        createWriteArea(this.views, area, prelude.length);
      });
    });
  }

  /** Before any thread has run: closes what is open, and takes new files away, which hold nothing. */
  abandon(): void {
    for (const { fd, path, isNew } of this.parts) {
      closeSync(fd);
      if (isNew) rmSync(fileBehind(path), { force: true });
    }
    this.parts = [];
  }

  taskOf(role: string): WriterTask | null {
    const part = this.parts.find((part) => part.role === role);
    return part === undefined ? null : { area: part.area, fd: part.fd };
  }

  /** May be asked while threads run. */
  snapshot(): RecordingSnapshot {
    const areas = this.areas.map((area) => readWriteArea(this.views, area));
    const packets = areas.reduce((sum, area) => sum + area.packets, 0);
    const blocks = areas.reduce((sum, area) => sum + area.produced - this.prelude.length, 0);
    return { path: this.target.path, packets, bytes: this.prelude.length + blocks + this.trailerBytes };
  }

  /** True when a thread could not write its part: it has died of that. */
  faulty(): boolean {
    return this.areas.some((area) => readWriteArea(this.views, area).fault !== 0);
  }

  /**
   * When no thread runs any more: completes the parts, and makes one file of them.
   * @param trailer what the file ends with
   * @param progress called again and again while it takes long, with the part of it that is done, 0 … 1
   * @throws RecordingError
   */
  async finish(trailer: Buffer, progress: (done: number) => void): Promise<void> {
    try {
      this.complete();
      const [first] = this.parts;
      if (this.parts.length > 1) await this.merge(trailer, progress);
      else if (first !== undefined) this.append(first, trailer);
      this.trailerBytes = trailer.length;
    } finally {
      for (const { fd } of this.parts) closeSync(fd);
      this.parts = [];
    }
  }

  /** Brings each part to whole blocks, whatever becomes of the others: all of them, or those that were written before a fault. */
  private complete(): void {
    const faults = this.parts.map((part) => this.completed(part)).filter((fault) => fault !== null);
    if (faults[0] !== undefined) throw faults[0];
  }

  /** @returns why the part is not complete */
  private completed({ path, area, fd }: Part): RecordingError | null {
    const { written, fault } = readWriteArea(this.views, area);
    try {
      ftruncateSync(fd, written);
      if (fault !== 0) return new RecordingError(path, reasonOf(fault), this.partPaths());
      writeOrTruncate(fd, unwrittenBlocks(this.views, area), written);
      return null;
    } catch (error) {
      return this.lost(path, this.partPaths(), error);
    }
  }

  private append({ path, area, fd }: Part, trailer: Buffer): void {
    const { produced } = readWriteArea(this.views, area);
    this.attempt(path, [path], () => writeOrTruncate(fd, trailer, produced));
  }

  /** Until the merged file is whole, the target stays as it was: whatever ends the process, the parts are whole. */
  private async merge(trailer: Buffer, progress: (done: number) => void): Promise<void> {
    const { path } = this.target;
    const merged = mergingPath(path);
    // What has come to be there since the start is not ours, be it a link.
    const merging = this.attempt(merged, this.partPaths(), () => openSync(merged, 'wx'));
    try {
      await this.mergeInto(merging, trailer, progress);
      renameSync(merged, fileBehind(path));
    } catch (error) {
      rmSync(merged, { force: true }); // All of it is in the parts, and they may need the room.
      throw this.lost(path, this.partPaths(), error);
    }
    for (const part of this.partPaths()) rmSync(part, { force: true });
  }

  /** @param merging a new file, which is closed then */
  private async mergeInto(merging: number, trailer: Buffer, progress: (done: number) => void): Promise<void> {
    const all = this.snapshot().bytes;
    let done = 0;
    try {
      likeTarget(merging, this.target.path);
      writeWhole(merging, this.prelude);
      await mergeParts(
        this.parts.map(({ fd }) => fd),
        this.prelude.length,
        merging,
        (bytes) => {
          done += bytes;
          progress(done / all);
        },
      );
      writeWhole(merging, trailer);
    } finally {
      closeSync(merging);
    }
  }

  private partPaths(): string[] {
    return this.parts.map(({ path }) => path);
  }

  /** @param kept the files that hold what was recorded if it fails @throws RecordingError */
  private attempt<T>(path: string, kept: readonly string[], act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.lost(path, kept, error);
    }
  }

  private lost(path: string, kept: readonly string[], cause: unknown): RecordingError {
    const { errno, message } = cause as NodeJS.ErrnoException;
    return new RecordingError(path, errno === undefined ? message : reasonOf(errno), kept, { cause });
  }
}

/** Whoever might read the file that is replaced may read the new one, and nobody else. */
function likeTarget(fd: number, path: string): void {
  const old = statSync(path, { throwIfNoEntry: false });
  if (old === undefined) return;
  if (process.geteuid?.() === 0) fchownSync(fd, old.uid, old.gid);
  fchmodSync(fd, old.mode);
}

/** All of it at `end`, or nothing: half a block would spoil the file. @throws Error of the system */
function writeOrTruncate(fd: number, bytes: Uint8Array, end: number): void {
  try {
    writeWhole(fd, bytes, end);
  } catch (error) {
    ftruncateSync(fd, end);
    throw error;
  }
}
