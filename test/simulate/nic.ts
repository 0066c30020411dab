// Cold. Runs on: main.
// A device and its driver as a user of the library writes them: a ring, a line and an instance for each queue.

import type { SimulatedLine, SimulatedNapi, Simulation } from 'softirq/testing';

export interface Packet {
  readonly flow: number;
  /** 0, 1, 2 … within the flow. */
  readonly number: number;
}

export class Nic {
  readonly lines: readonly SimulatedLine[];
  readonly napis: readonly SimulatedNapi[];
  /** What has come, by flow: packets' numbers. */
  readonly delivered: number[][];
  /** What becomes of a packet that a poll has taken out of its ring. Default: it is delivered. */
  onPacket = (packet: Packet): void => this.deliver(packet);
  /** What its interrupt handler does first. */
  onInterrupt = (): void => {};
  private readonly rings: Packet[][];
  private readonly sent: number[];

  /** Queue n's line targets CPU n. A flow is of queue `flow % queues`. */
  constructor(m: Simulation, queues: number, flows: number) {
    this.rings = Array.from({ length: queues }, () => []);
    this.sent = Array.from({ length: flows }, () => 0);
    this.delivered = this.sent.map(() => []);
    this.lines = this.rings.map((_, queue) =>
      m.line(`eth0-${queue}`, () => this.interrupt(queue), 'latch', queue % m.cpus.length),
    );
    this.napis = this.rings.map((_, queue) => m.napi(`eth0-${queue}`, (_, budget) => this.poll(queue, budget)));
  }

  /** The device: the flow's next packet is in its ring. */
  arrive(flow: number): void {
    const queue = flow % this.rings.length;
    this.rings[queue]!.push({ flow, number: this.sent[flow]! });
    this.sent[flow]! += 1;
    this.lines[queue]!.raise();
  }

  deliver({ flow, number }: Packet): void {
    this.delivered[flow]!.push(number);
  }

  /** Packets in rings. */
  get waiting(): number {
    return this.rings.flat().length;
  }

  /** What should have come by now. */
  get expected(): number[][] {
    return this.sent.map((count) => [...Array(count).keys()]);
  }

  private interrupt(queue: number): void {
    this.onInterrupt();
    this.napis[queue]!.schedule();
  }

  private poll(queue: number, budget: number): number {
    const ring = this.rings[queue]!;
    let work = 0;
    for (; work < budget && ring.length > 0; work += 1) this.onPacket(ring.shift()!);
    if (work < budget && this.napis[queue]!.completeDone(work)) this.lines[queue]!.unmask();
    return work;
  }
}
