// Cold. Runs on: main, to plan the memory; NIC, before the first packet.
// The packet generator's frame table. `flows` flows, each with a template per size, sent in turn.

import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_SEQUENCE_OFFSET,
} from '../../bursts/layout.js';
import { alignUp, CACHE_LINE_BYTES, WORD_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import { Random } from '../../runtime/random.js';
import { FLOWS_MAX, pktgenFlows, versionOfFlow } from './flows.js';
import { sequenceOffset, writeUdpFrame } from './frame-bytes.js';
import {
  distinctSizes,
  FCS_BYTES,
  FRAME_SIZE_MAX,
  type FrameSizes,
  type IpVersion,
  minimumFrameSize,
  patternLength,
  sizePattern,
} from './frame-sizes.js';
import { RepeatedFrames } from './repeated-frames.js';

export interface PktgenConfig {
  readonly sizes: FrameSizes;
  readonly flows: number;
  readonly ipVersion: IpVersion;
  readonly seed: number;
}

export const PKTGEN_BYTES_MAX = 256 * 2 ** 20;

// The region, in bytes from its address.                                          written by
//   0          flows × pattern length records                                     NIC, before the first packet
//   templates  per flow, one frame for each distinct size; 16-byte aligned, and
//              16 bytes after each, so that copies in blocks of 16 may overrun    NIC, before the first packet
//   sequences  one word per flow: its next sequence number                        NIC
interface PktgenLayout {
  readonly templates: number;
  readonly sequences: number;
  readonly bytes: number;
}

/** How much shared memory the frames of `config` take. Throws RangeError when that is too much. */
export function pktgenBytes(config: PktgenConfig): number {
  return planOf(config).bytes;
}

/** Writes the frames of `config` at byte address `address`, which is a multiple of 64. */
export function createPktgenFrames(views: Views, address: number, config: PktgenConfig): RepeatedFrames {
  const layout = planOf(config);
  const random = new Random(config.seed);
  const pattern = sizePattern(config.sizes, random);
  writeTemplates(views.bytes, address + layout.templates, config, random);
  const sequences = (address + layout.sequences) / WORD_BYTES;
  views.words.fill(0, sequences, sequences + config.flows);
  writeRecords(views.words, address, layout, config, pattern);
  return new RepeatedFrames(address, config.flows * pattern.length);
}

function planOf(config: PktgenConfig): PktgenLayout {
  checkRanges(config);
  const layout = layoutOf(config);
  if (layout.bytes > PKTGEN_BYTES_MAX) throw new RangeError(tooMuch(config, layout.bytes));
  return layout;
}

function layoutOf({ flows, sizes }: PktgenConfig): PktgenLayout {
  const templates = flows * patternLength(sizes) * FRAME_RECORD_BYTES;
  const sequences = templates + flows * templatesBytes(distinctSizes(sizes));
  return { templates, sequences, bytes: alignUp(sequences + flows * WORD_BYTES, CACHE_LINE_BYTES) };
}

/** One flow's templates, for these sizes. */
function templatesBytes(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + alignUp(size - FCS_BYTES, 16) + 16, 0);
}

function writeTemplates(bytes: Uint8Array, at: number, config: PktgenConfig, random: Random): void {
  const sizes = distinctSizes(config.sizes);
  const places = sizes.map((_, i) => templatesBytes(sizes.slice(0, i)));
  const stride = templatesBytes(sizes);
  pktgenFlows(config.flows, config.ipVersion, random).forEach((flow, number) => {
    sizes.forEach((size, i) => {
      writeUdpFrame(bytes, at + number * stride + places[i]!, size - FCS_BYTES, flow);
    });
  });
}

// Record i is of flow i mod flows. The sizes follow their pattern too, but skip one place each time that flows and
// pattern would start together again; so in flows × pattern length records each flow meets each place exactly once.
function writeRecords(
  words: Int32Array,
  address: number,
  layout: PktgenLayout,
  config: PktgenConfig,
  pattern: readonly number[],
): void {
  const { flows, ipVersion } = config;
  const sizes = distinctSizes(config.sizes);
  const places = pattern.map((size) => templatesBytes(sizes.slice(0, sizes.indexOf(size))));
  const stride = templatesBytes(sizes);
  const period = leastCommonMultiple(flows, pattern.length);
  for (let i = 0; i < flows * pattern.length; i++) {
    const flow = i % flows;
    const position = (i + Math.floor(i / period)) % pattern.length;
    const record = (address + i * FRAME_RECORD_BYTES) / WORD_BYTES;
    words[record + FRAME_ADDRESS / WORD_BYTES] = address + layout.templates + flow * stride + places[position]!;
    words[record + FRAME_LENGTH / WORD_BYTES] = pattern[position]! - FCS_BYTES;
    words[record + FRAME_COUNTER / WORD_BYTES] = address + layout.sequences + flow * WORD_BYTES;
    words[record + FRAME_SEQUENCE_OFFSET / WORD_BYTES] = sequenceOffset(versionOfFlow(ipVersion, flow));
  }
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

/** Options are checked where they are read; these would write over memory that is not pktgen's. */
function checkRanges({ sizes, flows, ipVersion }: PktgenConfig): void {
  if (!Number.isInteger(flows) || flows < 1 || flows > FLOWS_MAX) {
    throw new RangeError(`--flows ${flows}: use a whole number from 1 to ${FLOWS_MAX}`);
  }
  const least = minimumFrameSize(ipVersion);
  const all = distinctSizes(sizes);
  const wrong = all.find((size) => !Number.isInteger(size) || size < least || size > FRAME_SIZE_MAX);
  if (wrong === undefined && all.length > 0) return;
  const what = sizes === 'imix' ? `imix has frames of ${wrong} bytes` : 'use whole numbers';
  throw new RangeError(
    `--size ${sizes}: ${what}; sizes from ${least} to ${FRAME_SIZE_MAX} work with --ip ${ipVersion}`,
  );
}

function tooMuch(config: PktgenConfig, bytes: number): string {
  const { sizes, flows } = config;
  const mebibytes = (bytes / 2 ** 20).toFixed(1);
  const need = `--flows ${flows} with --size ${sizes} needs ${mebibytes} MiB of frames, over ${PKTGEN_BYTES_MAX / 2 ** 20} MiB`;
  const most = Math.floor((PKTGEN_BYTES_MAX * flows) / bytes); // each flow takes the same, but for 60 bytes of padding
  return most > 0 ? `${need}: use --flows ${most} or less` : `${need}: use fewer sizes`;
}
