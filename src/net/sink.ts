// Hot. Runs on: CPU n.
// The end of the receive path: what was delivered, handed over burst by burst.

import {
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_HASH,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  NO_BUFFER,
} from '../bursts/layout.js';
import type { Views } from '../memory/views.js';

/** Called once per burst. Must be synchronous; the packets are valid until it returns. */
export type Sink = (burst: Burst) => void;

/** A module given as `sink`: its default export is called once per CPU, and once in each NAPI worker, whose `cpu` is behind the CPUs'. */
export type SinkFactory = (context: { readonly cpu: number; readonly data: unknown }) => Sink;

const ENTRY_WORDS = ENTRY_BYTES / 4;
const FIRST_WORD = BATCH_FIRST_ENTRY / 4;

/** A burst of delivered packets, 0 … count-1. One object per CPU, used again for every burst. */
export class Burst {
  /** How many packets there are, 1 … 64. */
  count = 0;
  /** The Rx queue that they came by. */
  queue = 0;
  /** The memory that all packets lie in; `address()` and `nextBuffer()` say where. */
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly first: number;
  private readonly buffers: number;
  private readonly links: number;
  private readonly napiIdOf: (queue: number) => number;

  /** @internal */
  constructor(
    views: Views,
    batch: number,
    buffers: number,
    links: number,
    napiIdOf: (queue: number) => number = () => 0,
  ) {
    this.bytes = views.bytes;
    this.words = views.words;
    this.first = batch / 4 + FIRST_WORD;
    this.buffers = buffers;
    this.links = links / 4;
    this.napiIdOf = napiIdOf;
  }

  /** Id of the NAPI instance that brought them (skb->napi_id), for `WaitEvent.signal()`; 0 in mode interrupt. */
  get napiId(): number {
    return this.napiIdOf(this.queue);
  }

  /** Where packet `index` begins in `bytes`. Its first min(length, 2048) bytes lie there in one piece. */
  address(index: number): number {
    return this.buffers + this.field(index, ENTRY_BUFFER) * BUFFER_BYTES + this.field(index, ENTRY_OFFSET);
  }

  /** Length of packet `index` in bytes, without FCS. */
  length(index: number): number {
    return this.field(index, ENTRY_LENGTH);
  }

  /** RSS hash of packet `index`, int32. */
  hash(index: number): number {
    return this.field(index, ENTRY_HASH);
  }

  /** What packet `index` is made of: bit i stands for PROTOCOL_NAMES[i]. */
  protocol(index: number): number {
    return this.field(index, ENTRY_PROTOCOL);
  }

  /** Offset of the network header in packet `index`, of MPLS and PPPoE too; 0 = none. */
  networkHeader(index: number): number {
    return this.field(index, ENTRY_HEADERS) & 0xffff;
  }

  /** Offset of the transport header in packet `index`, behind all extension headers; 0 = none, as in later fragments. */
  transportHeader(index: number): number {
    return this.field(index, ENTRY_HEADERS) >>> 16;
  }

  /** Copies packet `index` to `target`, all fragments. @returns its length */
  copy(index: number, target: Uint8Array): number {
    const length = this.length(index);
    let copied = Math.min(length, BUFFER_BYTES - this.field(index, ENTRY_OFFSET));
    const start = this.address(index);
    target.set(this.bytes.subarray(start, start + copied));
    for (let id = this.field(index, ENTRY_NEXT); id !== NO_BUFFER; id = this.words[this.links + id]!) {
      const from = this.buffers + id * BUFFER_BYTES;
      const size = Math.min(length - copied, BUFFER_BYTES);
      target.set(this.bytes.subarray(from, from + size), copied);
      copied += size;
    }
    return length;
  }

  private field(index: number, offset: number): number {
    return this.words[this.first + index * ENTRY_WORDS + offset / 4]!;
  }
}
