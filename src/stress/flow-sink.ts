// Hot. Runs on: CPU n.
// The sink of every round: each packet is of a flow that pktgen sends, whole, and later than all of its flow before it.

import { BUFFER_BYTES } from '../bursts/layout.js';
import type { Burst, Sink } from '../net/sink.js';
import {
  COUNT,
  EXPECTED,
  FAULT_WORDS,
  FIRST_FAULT,
  FLOW_WORDS,
  FOUND,
  hangAt,
  KEY,
  KIND,
  NEXT,
  PACKETS,
  SKIPPED,
  sourceKey,
} from './flow-record.js';

import { hangIfAsked, IN_SINK } from './hang-words.js';

const REPEATED = 0;
const COMPLEMENT = 1;
const LAST_BYTE = 2;
const UDP_BYTES = 8;
const FRAME_BYTES_MAX = 9216;

export default function flowSink({ cpu, data }: { readonly cpu: number; readonly data: unknown }): Sink {
  const checker = new FlowChecker(cpu, data as SharedArrayBuffer);
  return (burst) => checker.checkAll(burst);
}

class FlowChecker {
  private readonly words: Int32Array;
  private readonly faultAt: number;
  private readonly hangAt: number;
  private readonly scratch = new Uint8Array(FRAME_BYTES_MAX);
  /** Of the memory that bursts lie in. */
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(cpu: number, buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.faultAt = FIRST_FAULT + cpu * FAULT_WORDS;
    this.hangAt = hangAt(cpu);
  }

  checkAll(burst: Burst): void {
    const { bytes, count } = burst;
    if (this.view.buffer !== bytes.buffer) this.view = new DataView(bytes.buffer, bytes.byteOffset);
    hangIfAsked(this.words, this.hangAt, IN_SINK);
    for (let index = 0; index < count; index += 1) this.check(burst, index);
  }

  private check(burst: Burst, index: number): void {
    const { bytes } = burst;
    const frame = burst.address(index);
    const payload = burst.transportHeader(index) + UDP_BYTES;
    const key = sourceKey(bytes, frame);
    const sequence = this.view.getInt32(frame + payload, true);
    const complement = this.view.getInt32(frame + payload + 4, true);
    if (complement !== ~sequence) this.fault(COMPLEMENT, key, ~sequence, complement);
    this.checkPlace(key, sequence);
    this.checkEnd(burst, index, key, payload);
  }

  private checkPlace(key: number, sequence: number): void {
    const words = this.words;
    const at = key * FLOW_WORDS;
    const skipped = (sequence - words[at + NEXT]!) | 0;
    if (skipped < 0) this.fault(REPEATED, key, words[at + NEXT]!, sequence);
    else words[at + SKIPPED] = words[at + SKIPPED]! + skipped;
    words[at + NEXT] = (sequence + 1) | 0;
    words[at + PACKETS] = words[at + PACKETS]! + 1;
  }

  /** Behind the sequence field each byte of the payload is its own offset: the last one says that all fragments are there. */
  private checkEnd(burst: Burst, index: number, key: number, payload: number): void {
    const length = burst.length(index);
    const last = length - 1;
    if (last < payload + 8) return;
    const expected = (last - payload) & 0xff;
    const found = length > BUFFER_BYTES ? this.lastOfMany(burst, index) : burst.bytes[burst.address(index) + last]!;
    if (found !== expected) this.fault(LAST_BYTE, key, expected, found);
  }

  private lastOfMany(burst: Burst, index: number): number {
    return this.scratch[burst.copy(index, this.scratch) - 1]!;
  }

  private fault(kind: number, key: number, expected: number, found: number): void {
    const words = this.words;
    const faultAt = this.faultAt;
    words[faultAt + COUNT] = words[faultAt + COUNT]! + 1;
    if (words[faultAt + COUNT] !== 1) return;
    words[faultAt + KIND] = kind;
    words[faultAt + KEY] = key;
    words[faultAt + EXPECTED] = expected;
    words[faultAt + FOUND] = found;
  }
}
