// Cold. Runs on: main.
// main.cpuprofile. Node itself names main's file CPU.<date>.<pid>….cpuprofile, and nothing inside the process can change
// that; so main is profiled a second time, with the name of its role. --cpu-prof-name=main.cpuprofile saves the double.

import { mkdirSync, writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { resolve } from 'node:path';
import { profileFlags, profileName } from '../coordinator/profile.js';

/** Profiles the calling thread until the process ends, if `node --cpu-prof` asked for it and did not name the file. */
export function profileMain(): void {
  const flags = profileFlags();
  if (flags === null || flags.named) return;
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: flags.intervalUs });
  session.post('Profiler.start');
  const dir = resolve(flags.dir); // now, should anybody change the working directory
  process.once('exit', () => {
    // Answers before it returns, as every call of a session to its own thread.
    session.post('Profiler.stop', (error, { profile }) => {
      if (error === null) write(dir, profile);
    });
  });
}

function write(dir: string, profile: Profiler.Profile): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(resolve(dir, profileName('main')), JSON.stringify(profile));
}
