// Cold. Runs on: main.
// Frames through offer, copy, take, classify. AssemblyScript and reference must find the same, though what stands around
// the frames differs: so nothing that is read there matters.

import {
  ENTRY_HASH,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  VERDICTS,
} from '../../src/bursts/layout.js';
import { FRAMES } from '../bursts/world.js';
import { faultyCases, otherCases } from '../oracle/generate.js';
import { Pipeline } from '../oracle/pipeline.js';
import { mutateFrame } from './mutate-frame.js';
import type { Target } from './target.js';

const WORDS = [ENTRY_LENGTH, ENTRY_HASH, ENTRY_VERDICT, ENTRY_PROTOCOL, ENTRY_HEADERS] as const;
const SEEDS = 200;

class FrameCheck {
  private readonly first = new Pipeline('AssemblyScript', 0x55);
  private readonly second = new Pipeline('reference', 0xaa);

  /** @param frames at most 64 */
  run(frames: readonly Uint8Array[]): string[] {
    const [found, twin] = [this.first.receive(frames, WORDS), this.second.receive(frames, WORDS)];
    return found.map((words, i) => {
      if (words.join() !== twin[i]!.join()) throw new Error(`AssemblyScript: ${words}; reference: ${twin[i]}`);
      checkEntry(frames[i]!, words);
      const [, , verdict, protocol] = words;
      return `verdict ${verdict}, protocol ${protocol}`;
    });
  }
}

function checkEntry(frame: Uint8Array, [length, , verdict, , headers]: readonly number[]): void {
  const [network, transport] = [headers! & 0xffff, headers! >>> 16];
  if (length !== frame.length) throw new Error(`length=${length}: the frame has ${frame.length} bytes`);
  if (verdict! < 0 || verdict! >= VERDICTS) throw new Error(`verdict=${verdict}`);
  if (network > frame.length || transport > frame.length)
    throw new Error(`headers at ${network} and ${transport}: behind the frame`);
}

function frameSeeds(): Uint8Array[] {
  const cases = [...faultyCases(), ...otherCases()];
  const step = Math.floor(cases.length / SEEDS);
  return cases.filter((_, i) => i % step === 0).map(({ bytes }) => bytes);
}

export function frameTarget(): Target {
  const check = new FrameCheck();
  return {
    name: 'frames',
    batch: 1024,
    covers: /\/build\/src\/bursts\/reference\//,
    seeds: frameSeeds(),
    mutate: mutateFrame,
    run: (inputs) => {
      const bursts = Array.from({ length: Math.ceil(inputs.length / FRAMES) }, (_, i) =>
        inputs.slice(i * FRAMES, (i + 1) * FRAMES),
      );
      return bursts.flatMap((burst) => check.run(burst));
    },
  };
}
