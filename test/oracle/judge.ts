// Cold. Runs on: main.
// What the classifier says of frames. They take the whole way: a device's table, offer, copy, a ring, take, classify.
// Both implementations must say the same.

import { BATCH_ENTRIES, ENTRY_HEADERS, ENTRY_LENGTH, ENTRY_PROTOCOL, ENTRY_VERDICT } from '../../src/bursts/layout.js';
import { MALFORMED_REASONS, PROTOCOL_NAMES } from '../../src/memory/counters.js';
import { addressesOf, portsOf } from './addresses.js';
import type { Judgement } from './judgement.js';
import { Pipeline } from './pipeline.js';

const WORDS = [ENTRY_LENGTH, ENTRY_VERDICT, ENTRY_PROTOCOL, ENTRY_HEADERS] as const;

const pipelines = [new Pipeline('AssemblyScript', 0x55), new Pipeline('reference', 0xaa)] as const;

/** @param frames of at most 9,216 bytes */
export function judge(frames: readonly Uint8Array[]): Judgement[] {
  const judgements: Judgement[] = [];
  for (let first = 0; first < frames.length; first += BATCH_ENTRIES) {
    const burst = frames.slice(first, first + BATCH_ENTRIES);
    const [one, other] = pipelines.map((pipeline) => pipeline.receive(burst, WORDS));
    burst.forEach((frame, i) => {
      if (one![i]!.join() !== other![i]!.join()) throw new Error(disagreement(frame, one![i]!, other![i]!));
      judgements.push(judgementOf(frame, one![i]!));
    });
  }
  return judgements;
}

function disagreement(frame: Uint8Array, one: readonly number[], other: readonly number[]): string {
  return `AssemblyScript says ${one}, the reference ${other} of ${Buffer.from(frame).toString('hex')}`;
}

function judgementOf(frame: Uint8Array, [length, verdict, bits, headers]: readonly number[]): Judgement {
  const protocols = PROTOCOL_NAMES.filter((_, bit) => bits! & (1 << bit));
  const network = headers! & 0xffff;
  const transport = headers! >>> 16;
  const [source, destination] = addressesOf(frame, network, protocols);
  const [sourcePort, destinationPort] = portsOf(frame, transport, protocols);
  const reason = verdict === 0 ? '' : MALFORMED_REASONS[verdict! - 1]!;
  return { length: length!, protocols, source, destination, sourcePort, destinationPort, reason };
}
