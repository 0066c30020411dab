// Cold. Runs on: main.
// A recorded file held against what pktgen has sent: every byte of every packet, and its place in its flow.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ReadPacket, readPcapng } from '../capture/read-pcapng.js';
import { Packet } from './checksum.js';
import { sourceKey } from './flow-table.js';
import type { SentFlows } from './flows.js';

/** Where pktgen puts the sequence number of an IPv4 packet: behind the UDP header. */
const SEQUENCE = 42;

export interface Recorded {
  readonly packets: readonly ReadPacket[];
  /** How many packets have each comment; '' = none. */
  readonly comments: Readonly<Record<string, number>>;
}

/** @throws Error when the file is not whole, or its times go back */
export function readRecorded(path: string): Recorded {
  const { packets } = readPcapng(readFileSync(path));
  const back = packets.findIndex(({ time }, i) => i > 0 && time < packets[i - 1]!.time);
  if (back >= 0) throw new Error(`${path}: the time of packet ${back} is before that of the one before it`);
  const comments: Record<string, number> = {};
  for (const { comment } of packets) comments[comment ?? ''] = (comments[comment ?? ''] ?? 0) + 1;
  return { packets, comments };
}

/** @returns what of the machine's files is left beside those that were asked for */
export function partsLeft(path: string): string[] {
  return readdirSync(dirname(path)).filter((name) => name.endsWith('.part'));
}

/** Which packets of which flow came, in which order. */
export class FlowsFound {
  private readonly sent: SentFlows;
  private readonly sequences: number[][];
  private readonly interfaces = new Map<number, number>();
  private readonly faults: string[] = [];

  /** @param packets of IPv4 */
  constructor(sent: SentFlows, packets: readonly ReadPacket[]) {
    this.sent = sent;
    this.sequences = Array.from({ length: sent.table.flows }, () => []);
    const frame = new Packet();
    for (const packet of packets) this.add(packet, frame);
  }

  /** What is wrong: bytes, or a flow that came by two queues; then, per flow, packets that are missing or double. */
  lost(offered: number): string[] {
    const { flows } = this.sent.table;
    const wrong = this.sequences.flatMap((sequences, flow) => {
      const sorted = [...sequences].sort((a, b) => a - b);
      const whole =
        sorted.length === Math.ceil((offered - flow) / flows) && sorted.every((sequence, i) => sequence === i);
      return whole ? [] : [`flow ${flow}: ${sorted.length} packets of ${offered} in all flows`];
    });
    return [...this.faults, ...wrong].slice(0, 10);
  }

  /** What is wrong: bytes, or packets of a flow that do not come in the order in which they were sent. */
  disorder(): string[] {
    const wrong = this.sequences.flatMap((sequences, flow) => {
      const at = sequences.findIndex((sequence, i) => i > 0 && sequence <= sequences[i - 1]!);
      return at < 0 ? [] : [`flow ${flow}: ${sequences[at]} after ${sequences[at - 1]}`];
    });
    return [...this.faults, ...wrong].slice(0, 10);
  }

  private add({ bytes, interface: id, original }: ReadPacket, frame: Packet): void {
    const { flows, tableLength, flowOfKey } = this.sent.table;
    const flow = flowOfKey[sourceKey(bytes, 0)]!;
    const sequence = bytes.readUInt32LE(SEQUENCE);
    const length = this.sent.frame((flow + sequence * flows) % tableLength, sequence, frame);
    const same = original === length && bytes.equals(frame.bytes.subarray(0, length));
    if (!same) this.faults.push(`flow ${flow}: packet ${sequence} is not as it was sent`);
    if ((this.interfaces.get(flow) ?? id) !== id) this.faults.push(`flow ${flow} came by two queues`);
    this.interfaces.set(flow, id);
    this.sequences[flow]!.push(sequence);
  }
}
