// Cold. Runs on: main.
// What pktgen sends, made once more from the options over a memory of its own, and held against what the flow-check sink
// has found.

import { FRAME_ADDRESS, FRAME_LENGTH, FRAME_RECORD_BYTES, FRAME_SEQUENCE_OFFSET } from '../../src/bursts/layout.js';
import { ipVersionOf, sizesOf } from '../../src/coordinator/option-values.js';
import type { HostOptions } from '../../src/coordinator/options.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { type Views, viewsOf } from '../../src/memory/views.js';
import { createPktgenFrames, pktgenBytes } from '../../src/nic/devices/pktgen.js';
import { Packet, sequenceShare } from './checksum.js';
import {
  createFlowTable,
  FAULT_CPU,
  FAULT_EXPECTED,
  FAULT_FOUND,
  FAULT_KIND,
  FAULT_KINDS,
  FAULTS,
  type FlowTable,
  NEXT,
  PACKETS,
  RECORD_CHECKSUM,
  RECORD_LENGTH,
  RECORD_WORDS,
  SKIPPED,
  STATE_WORDS,
  SUM,
  sourceKey,
} from './flow-table.js';

const sink = new URL('sinks/flow-check.js', import.meta.url).href;

/** The flows of one run. */
export class SentFlows {
  readonly table: FlowTable;
  private readonly views: Views;

  /** @param options of the run, without its sink */
  constructor(options: HostOptions) {
    const config = resolveOptions(options);
    const pktgen = { sizes: sizesOf(config), flows: config.flows, ipVersion: ipVersionOf(config), seed: config.seed };
    this.views = viewsOf(new ArrayBuffer(pktgenBytes(pktgen)));
    this.table = createFlowTable(config, createPktgenFrames(this.views, 0, pktgen).tableLength);
    const packet = new Packet();
    for (let record = 0; record < this.table.tableLength; record += 1) this.describe(record, packet);
  }

  /** For `startHost`. */
  get sink(): NonNullable<HostOptions['sink']> {
    return { url: sink, data: this.table };
  }

  /** Writes the frame of `record` with this sequence number. @returns its length */
  frame(record: number, sequence: number, packet: Packet): number {
    const { bytes } = this.views;
    const length = this.field(record, FRAME_LENGTH);
    const start = this.field(record, FRAME_ADDRESS);
    packet.bytes.set(bytes.subarray(start, start + length));
    const at = this.field(record, FRAME_SEQUENCE_OFFSET);
    const field = new DataView(packet.bytes.buffer);
    field.setInt32(at, sequence, true);
    field.setInt32(at + 4, ~sequence, true);
    return length;
  }

  /**
   * What is wrong with what came, a line each, at most ten.
   * @param offered packets that the NIC offered
   * @param lossless true: every one of them must have come
   */
  faults(offered: number, lossless: boolean): string[] {
    const flows = Array.from({ length: this.table.flows }, (_, flow) => flow);
    return flows.flatMap((flow) => this.faultsOf(flow, offered, lossless)).slice(0, 10);
  }

  /** Sequence numbers that never came although a later one of their flow did. */
  skipped(): number {
    return this.total(SKIPPED);
  }

  packets(): number {
    return this.total(PACKETS);
  }

  private total(word: number): number {
    const { state, flows } = this.table;
    let sum = 0;
    for (let flow = 0; flow < flows; flow += 1) sum += state[flow * STATE_WORDS + word]!;
    return sum;
  }

  private describe(record: number, packet: Packet): void {
    const { flows, records, flowOfKey } = this.table;
    const length = this.frame(record, 0, packet);
    records[record * RECORD_WORDS + RECORD_LENGTH] = length;
    records[record * RECORD_WORDS + RECORD_CHECKSUM] = packet.checksum(length);
    flowOfKey[sourceKey(packet.bytes, 0)] = record % flows;
  }

  private faultsOf(flow: number, offered: number, lossless: boolean): string[] {
    const { state, flows } = this.table;
    const at = flow * STATE_WORDS;
    const sent = Math.ceil((offered - flow) / flows);
    const faults: string[] = [];
    if (state[at + FAULTS]! > 0) faults.push(this.firstFault(flow));
    if (state[at + NEXT]! > sent)
      faults.push(`flow ${flow}: packet ${state[at + NEXT]! - 1} of ${sent} that were sent`);
    if (!lossless) return faults;
    if (state[at + SKIPPED]! > 0) faults.push(`flow ${flow}: ${state[at + SKIPPED]} packets were skipped`);
    if (state[at + PACKETS] !== sent) faults.push(`flow ${flow}: ${state[at + PACKETS]} of ${sent} packets came`);
    else if (state[at + SUM] !== this.sumOf(flow, sent)) faults.push(`flow ${flow}: its sum of checksums is wrong`);
    return faults;
  }

  private firstFault(flow: number): string {
    const word = (name: number) => this.table.state[flow * STATE_WORDS + name]!;
    const kind = FAULT_KINDS[word(FAULT_KIND)];
    const found = `expected ${word(FAULT_EXPECTED)}, found ${word(FAULT_FOUND)} on cpu${word(FAULT_CPU)}`;
    return `flow ${flow}: ${word(FAULTS)} faults, first ${kind}: ${found}`;
  }

  /** The checksums of the flow's first `sent` packets, summed. */
  private sumOf(flow: number, sent: number): number {
    const { flows, tableLength, records } = this.table;
    let sum = 0;
    for (let sequence = 0; sequence < sent; sequence += 1) {
      const record = ((flow + sequence * flows) % tableLength) * RECORD_WORDS;
      sum = (sum + records[record + RECORD_CHECKSUM]! + sequenceShare(sequence)) | 0;
    }
    return sum;
  }

  private field(record: number, offset: number): number {
    return this.views.words[(record * FRAME_RECORD_BYTES + offset) / 4]!;
  }
}
