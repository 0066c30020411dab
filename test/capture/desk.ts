// Cold. Runs on: main.
// A thread's recorders without the thread: a test says what comes, and gets what must be in the files.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_VERDICT,
  FRAME_BYTES_MAX,
  NO_BUFFER,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_LENGTH,
  OFFER_QUEUE,
  PLACED,
} from '../../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { interfaceDescription, sectionHeader } from '../../src/capture/pcapng-write.js';
import { createWriteArea, readWriteArea, unwrittenBlocks, WRITE_AREA_BYTES } from '../../src/capture/write-area.js';
import { buildCpuRecorder, buildNicRecorder } from '../../src/capture/write-build.js';
import { MALFORMED_REASONS } from '../../src/memory/counters.js';
import { alignUp, PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';
import { VirtualClock } from '../../src/runtime/clock.js';
import { Random } from '../../src/runtime/random.js';
import type { ReadPacket } from './read-pcapng.js';

const QUEUES = 3;
const EPOCH = { high: 0x18ea_bcde, low: 0xffff_ff00 };
/** By number: the queues', then the device's. */
export const INTERFACES = [...Array.from({ length: QUEUES }, (_, queue) => `nic0/${queue}`), 'nic0'];
const PRELUDE = Buffer.concat([sectionHeader('softirq test', 'here'), ...INTERFACES.map(interfaceDescription)]);

const BATCH = 64;
const OFFERS = alignUp(BATCH + BATCH_BYTES, 64);
const LINKS = OFFERS + BATCH_ENTRIES * OFFER_BYTES;
const BUFFERS = 512;
const AREA = alignUp(LINKS + BUFFERS * 4, 64);
const FRAMES = AREA + 2 * WRITE_AREA_BYTES;
const BUFFER_AREA = alignUp(FRAMES + BATCH_ENTRIES * FRAME_BYTES_MAX, BUFFER_BYTES);
const PAGES = Math.ceil((BUFFER_AREA + BUFFERS * BUFFER_BYTES) / PAGE_BYTES);

const entryOf = (i: number) => BATCH + BATCH_FIRST_ENTRY + i * ENTRY_BYTES;

const module = compileBursts();

/** A memory with packets in it, a CPU's and a NIC's recorder over one file or two, and what must be in the files. */
export class Desk {
  private readonly clock = new VirtualClock();
  /** What must be in the file, or in the first of two. */
  readonly delivered: ReadPacket[] = [];
  readonly dropped: ReadPacket[];
  private readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  private readonly views = viewsOf(this.memory.buffer);
  private readonly random: Random;
  private readonly files: readonly { readonly path: string; readonly fd: number; readonly area: number }[];
  private readonly cpu;
  private readonly nic;

  constructor(folder: string, seed: number, shared: boolean) {
    this.random = new Random(seed);
    this.dropped = shared ? this.delivered : [];
    this.files = (shared ? ['all'] : ['delivered', 'dropped']).map((name, i) => {
      const path = join(folder, `${name}.pcapng`);
      const fd = openSync(path, 'w');
      writeSync(fd, PRELUDE);
      createWriteArea(this.views, AREA + i * WRITE_AREA_BYTES, PRELUDE.length);
      return { path, fd, area: AREA + i * WRITE_AREA_BYTES };
    });
    const bursts = instantiateBursts(module, this.memory);
    const [first, second] = [this.files[0]!, this.files.at(-1)!];
    const layout = { batch: BATCH, buffers: BUFFER_AREA, links: LINKS };
    const task = { epoch: EPOCH, delivered: first, dropped: second };
    this.cpu = buildCpuRecorder(this.views, bursts, this.clock, layout, task);
    // Another thread has its own area in truth; here both take turns.
    this.nic = buildNicRecorder(this.views, bursts, this.clock, { epoch: EPOCH, dropped: second, device: QUEUES });
  }

  /** Does something that is recorded. */
  readonly steps = {
    burst: () => this.burst(),
    backlogFull: () => this.backlogFull(),
    missed: () => this.missed(),
    lengthError: () => this.lengthError(),
    flush: () => this.cpu.flush(),
  };

  private burst(): void {
    const queue = this.random.below(QUEUES);
    const frames = this.writeEntries(1 + this.random.below(BATCH_ENTRIES));
    const passed = this.random.below(frames.length + 1);
    this.clock.advance(this.random.below(2 ** 31));
    frames.forEach((bytes, i) => {
      if (i < passed) {
        this.expect(this.delivered, queue, bytes, null);
        return;
      }
      const verdict = 1 + this.random.below(MALFORMED_REASONS.length);
      this.views.words[(entryOf(i) + ENTRY_VERDICT) / 4] = verdict;
      this.expect(this.dropped, queue, bytes, MALFORMED_REASONS[verdict - 1]!);
    });
    this.cpu.received(passed, frames.length, queue);
  }

  private backlogFull(): void {
    const queue = this.random.below(QUEUES);
    const [frame] = this.writeEntries(1);
    this.clock.advance(1);
    this.expect(this.dropped, queue, frame!, 'backlog');
    this.cpu.backlogFull(queue);
  }

  private missed(): void {
    this.cpu.flush(); // One file, one writer at a time.
    const count = 1 + this.random.below(BATCH_ENTRIES);
    for (let i = 0; i < count; i += 1) {
      const queue = this.random.below(QUEUES + 1) - 1;
      const address = FRAMES + i * FRAME_BYTES_MAX;
      const bytes = this.noise(address, this.random.below(200));
      const offer = (OFFERS + i * OFFER_BYTES) / 4;
      this.views.words[offer + OFFER_ADDRESS / 4] = address;
      this.views.words[offer + OFFER_LENGTH / 4] = bytes.length;
      this.views.words[offer + OFFER_QUEUE / 4] = queue;
      if (queue !== PLACED) this.expect(this.dropped, queue, bytes, 'rxMissedErrors');
    }
    this.nic.missed(OFFERS, count);
    this.nic.flush();
  }

  private lengthError(): void {
    this.cpu.flush();
    const length = this.random.below(2) * this.random.below(300_000);
    const bytes = this.noise(FRAMES, length);
    this.expect(this.dropped, QUEUES, bytes.subarray(0, 262_144), 'rxLengthErrors', length + 7);
    this.nic.lengthError(FRAMES, length, length + 7);
    this.nic.flush();
  }

  /** As main does it at the end. @returns the paths */
  finish(): string[] {
    return this.files.map(({ path, fd, area }) => {
      const { written } = readWriteArea(this.views, area);
      writeSync(fd, unwrittenBlocks(this.views, area), 0, null, written);
      closeSync(fd);
      return path;
    });
  }

  private expect(
    list: ReadPacket[],
    queue: number,
    bytes: Buffer,
    comment: string | null,
    original = bytes.length,
  ): void {
    const epoch = (BigInt(EPOCH.high) << 32n) + BigInt(EPOCH.low);
    list.push({ interface: queue, time: epoch + BigInt(this.clock.nowNs), bytes, original, comment });
  }

  /** Entries of any length, the buffers of each one behind the other, so that the frame lies in one piece. */
  private writeEntries(count: number): Buffer[] {
    let buffer = 0;
    return Array.from({ length: count }, (_, i) => {
      const length = this.random.below(this.random.below(2) === 0 ? 70 : FRAME_BYTES_MAX + 1);
      const end = buffer + Math.max(1, Math.ceil(length / BUFFER_BYTES));
      const follower = (id: number) => (id + 1 < end ? id + 1 : NO_BUFFER);
      const start = buffer;
      this.views.words[(entryOf(i) + ENTRY_BUFFER) / 4] = start;
      this.views.words[(entryOf(i) + ENTRY_LENGTH) / 4] = length;
      this.views.words[(entryOf(i) + ENTRY_NEXT) / 4] = follower(start);
      for (let id = start + 1; id < end; id += 1) this.views.words[LINKS / 4 + id] = follower(id);
      buffer = end;
      return this.noise(BUFFER_AREA + start * BUFFER_BYTES, length);
    });
  }

  private noise(address: number, length: number): Buffer {
    for (let i = 0; i < length; i += 1) this.views.bytes[address + i] = this.random.word();
    return Buffer.from(this.views.bytes.slice(address, address + length));
  }
}
