// Cold. Runs on: main.
// One Rx queue and two CPUs that may poll it, wired as cpu/build.ts does, but with every part within reach; and a NIC's side
// that is worked by hand: a test says which frames come, and when.

import type { Bursts } from '../../src/bursts/bursts.js';
import {
  BUFFER_BYTES,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  FLAG_EOP,
} from '../../src/bursts/layout.js';
import { compileBursts } from '../../src/bursts/load.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { createMachine, type Machine } from '../../src/coordinator/machine.js';
import { makePlan, type Plan } from '../../src/coordinator/plan.js';
import type { CpuSettings } from '../../src/cpu/build.js';
import { napiState } from '../../src/cpu/build.js';
import type { IrqLine } from '../../src/irq/line.js';
import type { Views } from '../../src/memory/views.js';
import type { NapiState } from '../../src/napi/state.js';
import { readBacklog } from '../../src/net/backlog-packets.js';
import type { ReceiveSettings } from '../../src/net/receive.js';
import { type UdpFlow, writeUdpFrame } from '../../src/nic/devices/frame-bytes.js';
import { assertBuffersOnce } from '../../src/ring/check.js';
import { RxRingProducer } from '../../src/ring/rx-ring.js';
import { VirtualClock } from '../../src/runtime/clock.js';
import { Printk } from '../../src/runtime/printk.js';
import { RigCpu } from './rig-cpu.js';

const burstModule = compileBursts();

const FLOW: UdpFlow = {
  ipVersion: 4,
  sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 2),
  source: Uint8Array.of(10, 0, 0, 1),
  destination: Uint8Array.of(10, 0, 0, 2),
  sourcePort: 1000,
  destinationPort: 2000,
};
const FRAME_BYTES_MIN = 60;

export interface RigOptions {
  readonly irq: 'latch' | 'nolatch';
  readonly mode: 'napi' | 'interrupt';
  readonly ring: number;
  readonly settings: Partial<CpuSettings>;
  readonly receive: Partial<ReceiveSettings>;
}

const DEFAULTS: RigOptions = { irq: 'latch', mode: 'napi', ring: 512, settings: {}, receive: {} };

export class Rig {
  readonly clock = new VirtualClock();
  /** Nothing odd happens in a rig. */
  readonly printk = new Printk((line) => {
    throw new Error(line);
  });
  readonly plan: Plan;
  readonly machine: Machine;
  readonly views: Views;
  readonly bursts: Bursts;
  readonly line: IrqLine;
  readonly state: NapiState;
  readonly cpus: readonly RigCpu[];
  readonly producer: RxRingProducer;
  /** True: frames that come now have a wrong IPv4 header checksum. */
  malformed = false;
  /** True: frames that come now have a wrong UDP checksum. */
  wrongChecksum = false;
  /** RSS hash of frames that come now. */
  hash = 0;
  private written = 0;
  private readonly scratch = new Uint8Array(16_384);

  constructor(options: Partial<RigOptions> = {}) {
    const all = { ...DEFAULTS, ...options };
    this.plan = makePlan({ cpus: 2, queues: 1, ring: all.ring, mode: all.mode, frames: 0 });
    const flow = all.mode === 'interrupt' ? 'level' : all.irq;
    this.machine = createMachine(this.plan, all.ring, flow, burstModule);
    this.views = this.machine.views;
    this.bursts = referenceBursts(this.machine.handle.memory, this.views);
    this.line = this.machine.lines[0]!;
    this.state = napiState(this.views, this.plan.cpus[0]!.napis, 0);
    this.cpus = this.plan.cpus.map((layout) => new RigCpu(this, layout, all));
    this.producer = new RxRingProducer(this.views, this.plan.nic.rings[0]!);
  }

  get cpu(): RigCpu {
    return this.cpus[0]!;
  }

  /** `count` frames of `length` bytes go into posted buffers and are published; then the line is raised. */
  receive(count: number, length = FRAME_BYTES_MIN): void {
    for (let frame = 0; frame < count; frame += 1) this.write(length);
    this.publish();
  }

  /** A frame of so many descriptors goes into the ring, of which all but the last `withheld` are published. */
  receivePart(descriptors: number, withheld: number): void {
    this.write((descriptors - 1) * BUFFER_BYTES + FRAME_BYTES_MIN);
    this.publish(withheld);
  }

  publish(withheld = 0): void {
    this.producer.publish((this.written - withheld) | 0);
    this.line.raise();
  }

  /** Finds every buffer once, or throws. */
  checkBuffers(): void {
    const { pools, rings, links } = this.plan.cpus[0]!;
    const waiting = this.plan.backlogs.flatMap((backlog) => readBacklog(this.views, backlog, links).buffers);
    assertBuffersOnce(this.views, pools[0]!, links, rings, waiting);
  }

  private write(length: number): void {
    writeUdpFrame(this.scratch, 0, length, FLOW);
    if (this.malformed) this.scratch[24]! ^= 0xff;
    if (this.wrongChecksum) this.scratch[40]! ^= 0xff;
    for (let at = 0; at < length; at += BUFFER_BYTES) {
      const part = Math.min(BUFFER_BYTES, length - at);
      this.place(this.scratch.subarray(at, at + part), at + part === length);
    }
  }

  private place(bytes: Uint8Array, last: boolean): void {
    const { descriptors, mask } = this.producer;
    if (((this.producer.posted() - this.written) | 0) <= 0)
      throw new Error('no buffer is posted: the test offers too much');
    const slot = (descriptors + (this.written & mask) * DESCRIPTOR_BYTES) / 4;
    const buffer = this.views.words[slot + DESCRIPTOR_BUFFER / 4]!;
    this.views.bytes.set(bytes, this.plan.cpus[0]!.buffers + buffer * BUFFER_BYTES);
    this.views.words[slot + DESCRIPTOR_LENGTH / 4] = bytes.length;
    this.views.words[slot + DESCRIPTOR_HASH / 4] = this.hash;
    this.views.words[slot + DESCRIPTOR_FLAGS / 4] = last ? FLAG_EOP : 0;
    this.written = (this.written + 1) | 0;
  }
}
