// Cold. Runs on: main.
// One change to a frame: of a byte, of a field, of its end; and the checksum of its IPv4 header mended, so that more is
// reached.

import type { Random } from '../../src/runtime/random.js';
import { internetChecksum, pair } from '../bursts/frames.js';
import { oneOf } from './change-words.js';

const HEADERS_BYTES = 120;
const BYTES = [
  0, 1, 2, 4, 5, 6, 7, 8, 15, 16, 17, 43, 44, 47, 50, 51, 58, 59, 60, 64, 69, 70, 79, 96, 127, 128, 132, 255,
];
const ETHERTYPES = [0x0800, 0x0806, 0x8100, 0x86dd, 0x8847, 0x8848, 0x8863, 0x8864, 0x88a8, 0x0600, 0x05dc];
const FRAME_BYTES_MAX = 9216;

export function mutateFrame(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const frame = [...oneOf(random, corpus)];
  for (let changes = 1 + random.below(4); changes > 0; changes--) changeOnce(random, frame, corpus);
  if (random.below(4) > 0) mend(frame);
  return Uint8Array.from(frame.length === 0 ? [0] : frame.slice(0, FRAME_BYTES_MAX)); // devices offer no empty frame
}

function changeOnce(random: Random, frame: number[], corpus: readonly Uint8Array[]): void {
  const at = random.below(Math.min(frame.length, HEADERS_BYTES) + 1);
  const changes: readonly (() => void)[] = [
    () => frame.splice(at, 1, oneOf(random, BYTES)),
    () => frame.splice(at, 1, random.below(256)),
    () => frame.splice(at, 1, (frame[at] ?? 0) ^ (1 << random.below(8))),
    () => frame.splice(at, 2, ...pair(frame.length - at + random.below(5) - 2)),
    () => frame.splice(12, 2, ...pair(oneOf(random, ETHERTYPES))),
    () => frame.splice(at, 0, ...frame.slice(at, at + oneOf(random, [4, 8, 24]))),
    () => frame.splice(at, oneOf(random, [1, 4, 8])),
    () => frame.splice(random.below(frame.length + 1)),
    () => frame.splice(at, frame.length, ...oneOf(random, corpus).subarray(at)),
    () => frame.push(...Array<number>(oneOf(random, [1, 18, 2048 - Math.min(2048, frame.length), 3000])).fill(at)),
  ];
  oneOf(random, changes)();
}

/** IPv4 right behind Ethernet, or behind one tag. */
function mend(frame: number[]): void {
  const network = frame[12] === 0x81 || frame[12] === 0x88 ? 18 : 14;
  const header = (frame[network]! & 15) * 4;
  if (frame[network - 2] !== 8 || frame[network - 1] !== 0 || header < 20 || frame.length < network + header) return;
  frame.splice(network + 10, 2, 0, 0);
  frame.splice(network + 10, 2, ...pair(internetChecksum(frame.slice(network, network + header))));
}
