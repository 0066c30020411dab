// Cold. Runs on: main.
// The capture files of a round: in a folder of their own, which goes when the round is over.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostOptions } from '../coordinator/options.js';
import type { Course } from './setting.js';

export class RoundFiles {
  /** For the machine. */
  readonly options: Pick<HostOptions, 'write' | 'writeDropped'>;
  private readonly folder: string | null;

  constructor(records: Course['records']) {
    this.folder = records === 'nothing' ? null : mkdtempSync(join(tmpdir(), 'softirq-stress-'));
    const file = (name: string) => join(this.folder!, name);
    this.options = {
      ...((records === 'delivered' || records === 'both') && { write: file('delivered.pcapng') }),
      ...((records === 'dropped' || records === 'both') && { writeDropped: file('dropped.pcapng') }),
    };
  }

  remove(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}
