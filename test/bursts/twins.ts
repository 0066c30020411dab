// Cold. Runs on: main.
// The two implementations side by side: the same memory before, the same call, the same answer and memory after.

import type { Bursts } from '../../src/bursts/bursts.js';
import { assemblyWorld, referenceWorld, type World } from './world.js';

export class Twins {
  readonly first: World = assemblyWorld();
  readonly second: World = referenceWorld();

  /** Sets up the first memory and makes the second its copy. */
  prepare(write: (world: World) => void): void {
    write(this.first);
    this.second.views.words.set(this.first.views.words);
  }

  /** @throws Error when they differ; @returns what both answered */
  call(name: string, run: (bursts: Bursts) => number): number {
    const answers = [run(this.first.bursts), run(this.second.bursts)];
    if (answers[0] !== answers[1]) throw new Error(`${name}: AssemblyScript ${answers[0]}, reference ${answers[1]}`);
    this.compare(name);
    return answers[0]!;
  }

  private compare(name: string): void {
    if (Buffer.compare(bytesOf(this.first), bytesOf(this.second)) === 0) return;
    const at = this.first.views.words.findIndex((word, i) => word !== this.second.views.words[i]);
    const [one, other] = [this.first.views.words[at], this.second.views.words[at]];
    throw new Error(`${name}: at byte ${at * 4} AssemblyScript has ${one}, the reference ${other}`);
  }
}

function bytesOf(world: World): Buffer {
  return Buffer.from(world.views.bytes.buffer);
}
