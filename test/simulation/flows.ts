// Cold. Runs on: main.
// The far end of the wire: looks at every delivered packet, byte by byte, and at the order within its flow.

import { PROTOCOL_IPV4 } from '../../src/bursts/layout.js';
import type { Burst } from '../../src/net/sink.js';

const ADDRESS_V4 = 12;
const ADDRESS_V6 = 8;
const UDP_BYTES = 8;
const SEQUENCE_BYTES = 8;
const FRAME_BYTES_MAX = 9216;

/** What pktgen's payloads are made of: byte i of a payload is i. */
const PATTERN = Buffer.from(Array.from({ length: FRAME_BYTES_MAX }, (_, i) => i & 0xff));

export class Flows {
  packets = 0;
  bytes = 0;
  /** By flow: the next sequence number, and how many came. */
  private readonly next = new Map<string, number>();
  private readonly counts = new Map<string, number>();
  private readonly packet = Buffer.alloc(FRAME_BYTES_MAX);
  private readonly lossless: boolean;

  constructor(lossless: boolean) {
    this.lossless = lossless;
  }

  /** @throws Error when a packet is not what was sent, or comes out of turn */
  deliver(burst: Burst): void {
    for (let index = 0; index < burst.count; index += 1) {
      const length = burst.copy(index, this.packet);
      this.packets += 1;
      this.bytes += length;
      this.check(burst, index, length);
    }
  }

  count(flow: string): number {
    return this.counts.get(flow) ?? 0;
  }

  /** Order and numbers of everything that came, in short. */
  digest(): string {
    return JSON.stringify([this.packets, this.bytes, [...this.next], [...this.counts]]);
  }

  private check(burst: Burst, index: number, length: number): void {
    const network = burst.networkHeader(index);
    const version = (burst.protocol(index) & PROTOCOL_IPV4) !== 0 ? 4 : 6;
    const flow = flowOf(this.packet, network, version);
    const payload = burst.transportHeader(index) + UDP_BYTES;
    const body = payload + SEQUENCE_BYTES;
    const sequence = this.packet.readUInt32LE(payload);
    if (this.packet.readUInt32LE(payload + 4) !== ~sequence >>> 0)
      throw new Error(`flow ${flow}: broken sequence field`);
    if (this.packet.compare(PATTERN, SEQUENCE_BYTES, length - payload, body, length) !== 0) {
      throw new Error(`flow ${flow}, packet ${sequence}: ${length} bytes are not those that were sent`);
    }
    this.inTurn(flow, sequence);
  }

  private inTurn(flow: string, sequence: number): void {
    const next = this.next.get(flow) ?? 0;
    if (sequence < next || (this.lossless && sequence > next)) {
      throw new Error(`flow ${flow}: packet ${sequence} came when ${next} was next`);
    }
    this.next.set(flow, sequence + 1);
    this.counts.set(flow, this.count(flow) + 1);
  }
}

/** The flow of a frame, by its source address, which no other flow has. */
export function flowOf(frame: Buffer, network: number, version: 4 | 6): string {
  const at = network + (version === 4 ? ADDRESS_V4 : ADDRESS_V6);
  return frame.toString('hex', at, at + (version === 4 ? 4 : 16));
}
