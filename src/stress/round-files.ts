// Cold. Runs on: main.
// The capture files of a round, what it plays and what it records: in a folder of their own, which goes when the round is over.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostOptions } from '../coordinator/options.js';
import { captureFile } from './capture-file.js';
import type { Course } from './setting.js';

export class RoundFiles {
  /** For the machine. */
  readonly options: Partial<Pick<HostOptions, 'device' | 'write' | 'writeDropped'>>;
  private readonly folder: string | null;

  constructor({ records, capture }: Pick<Course, 'records' | 'capture'>) {
    const needed = records !== 'nothing' || capture !== null;
    this.folder = needed ? mkdtempSync(join(tmpdir(), 'softirq-stress-')) : null;
    const file = (name: string) => join(this.folder!, name);
    if (capture !== null) writeFileSync(file('played.pcap'), captureFile(capture));
    this.options = {
      ...(capture !== null && { device: `pcap:${file('played.pcap')}` }),
      ...((records === 'delivered' || records === 'both') && { write: file('delivered.pcapng') }),
      ...((records === 'dropped' || records === 'both') && { writeDropped: file('dropped.pcapng') }),
    };
  }

  remove(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}
