// Cold. Runs on: main.
// The frames that pktgen has laid out in the machine's memory: whose they are, and how many of each flow were sent.

import { FRAME_ADDRESS, FRAME_COUNTER, FRAME_RECORD_BYTES } from '../../src/bursts/layout.js';
import type { Plan } from '../../src/coordinator/plan.js';
import type { Views } from '../../src/memory/views.js';
import { patternLength } from '../../src/nic/devices/frame-sizes.js';
import { flowOf } from './flows.js';
import type { Scenario } from './scenario.js';

const NETWORK = 14;

/** Gives every frame of flow number `flow` an IP version that does not exist. */
export function spoilFlow(views: Views, plan: Plan, { flows, sizes }: Scenario, flow: number): void {
  const addresses = new Set<number>();
  for (let record = flow; record < flows * patternLength(sizes); record += flows) {
    addresses.add(recordWord(views, plan, record, FRAME_ADDRESS));
  }
  for (const address of addresses) views.bytes[address + NETWORK]! ^= 0xf0;
}

/** By flow: how many packets the NIC has offered of it. */
export function sentByFlow(views: Views, plan: Plan, { flows, ipVersion }: Scenario): Map<string, number> {
  const sent = new Map<string, number>();
  for (let flow = 0; flow < flows; flow += 1) {
    const frame = recordWord(views, plan, flow, FRAME_ADDRESS);
    const version = ipVersion === 'mixed' ? (flow % 2 === 0 ? 4 : 6) : ipVersion;
    const bytes = Buffer.from(views.bytes.subarray(frame, frame + 64));
    sent.set(flowOf(bytes, NETWORK, version), views.words[recordWord(views, plan, flow, FRAME_COUNTER) / 4]!);
  }
  return sent;
}

function recordWord(views: Views, plan: Plan, record: number, field: number): number {
  return views.words[(plan.nic.frames + record * FRAME_RECORD_BYTES + field) / 4]!;
}
