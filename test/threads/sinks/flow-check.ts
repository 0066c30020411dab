// Cold. Runs on: CPU n.
// Looks at every byte of every packet, and at its place in its flow.

import type { Burst, Sink } from '../../../src/index.js';
import { Packet, sequenceShare } from '../checksum.js';
import {
  FAULT_CPU,
  FAULT_EXPECTED,
  FAULT_FOUND,
  FAULT_KIND,
  FAULT_KINDS,
  FAULTS,
  type FlowTable,
  NEXT,
  NO_FLOW,
  PACKETS,
  RECORD_CHECKSUM,
  RECORD_LENGTH,
  RECORD_WORDS,
  SKIPPED,
  STATE_WORDS,
  SUM,
  sourceKey,
} from '../flow-table.js';

export default function flowCheck({ cpu, data }: { readonly cpu: number; readonly data: unknown }): Sink {
  const checker = new FlowChecker(cpu, data as FlowTable);
  return (burst) => {
    for (let index = 0; index < burst.count; index += 1) checker.check(burst, index);
  };
}

class FlowChecker {
  private readonly cpu: number;
  private readonly table: FlowTable;
  private readonly packet = new Packet();
  private readonly view = new DataView(this.packet.bytes.buffer);

  constructor(cpu: number, table: FlowTable) {
    this.cpu = cpu;
    this.table = table;
  }

  check(burst: Burst, index: number): void {
    const length = burst.length(index);
    const copied = burst.copy(index, this.packet.bytes);
    const flow = this.table.flowOfKey[sourceKey(this.packet.bytes, 0)]!;
    if (flow === NO_FLOW) throw new Error('a packet of no flow that pktgen sends');
    const sequence = this.checkPlace(flow, burst.transportHeader(index));
    if (copied !== length) this.fault(flow, 'copied length', length, copied);
    this.checkBytes(flow, sequence, length);
  }

  /** @returns the packet's sequence number */
  private checkPlace(flow: number, transportHeader: number): number {
    const { state } = this.table;
    const at = flow * STATE_WORDS;
    const sequence = this.view.getInt32(transportHeader + 8, true);
    const complement = this.view.getInt32(transportHeader + 12, true);
    if (complement !== ~sequence) this.fault(flow, 'complement', ~sequence, complement);
    const skipped = (sequence - state[at + NEXT]!) | 0;
    if (skipped < 0) this.fault(flow, 'repeated or reordered', state[at + NEXT]!, sequence);
    else state[at + SKIPPED] = state[at + SKIPPED]! + skipped;
    state[at + NEXT] = (sequence + 1) | 0;
    state[at + PACKETS] = state[at + PACKETS]! + 1;
    return sequence;
  }

  private checkBytes(flow: number, sequence: number, length: number): void {
    const { flows, tableLength, records, state } = this.table;
    const record = ((flow + (sequence >>> 0) * flows) % tableLength) * RECORD_WORDS;
    const expected = (records[record + RECORD_CHECKSUM]! + sequenceShare(sequence)) | 0;
    const found = this.packet.checksum(length);
    if (length !== records[record + RECORD_LENGTH])
      this.fault(flow, 'length', records[record + RECORD_LENGTH]!, length);
    else if (found !== expected) this.fault(flow, 'bytes', expected, found);
    const at = flow * STATE_WORDS;
    state[at + SUM] = (state[at + SUM]! + found) | 0;
  }

  private fault(flow: number, kind: (typeof FAULT_KINDS)[number], expected: number, found: number): void {
    const { state } = this.table;
    const at = flow * STATE_WORDS;
    state[at + FAULTS] = state[at + FAULTS]! + 1;
    if (state[at + FAULTS] !== 1) return;
    state[at + FAULT_KIND] = FAULT_KINDS.indexOf(kind);
    state[at + FAULT_EXPECTED] = expected;
    state[at + FAULT_FOUND] = found;
    state[at + FAULT_CPU] = this.cpu;
  }
}
