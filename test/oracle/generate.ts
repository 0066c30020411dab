// Cold. Runs on: main.
// Frames with every combination of headers, and with one fault each.

import { arp, bytesOf, pair } from '../bursts/frames.js';
import { FAULTS, mend, put } from './faults.js';
import {
  arpOver,
  etherTypeOf,
  LINKS,
  type Link,
  NETWORKS,
  type Network,
  OTHER_LINKS,
  packetOf,
  TRANSPORTS,
  type Transport,
} from './layers.js';

export interface Case {
  /** `qinq, ipv4+4 options, udp: total length long`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const PAYLOADS = [0, 1, 18, 700];
const FRAME_BYTES_MIN = 60; // without FCS
const FAULT_PAYLOAD = 5; // odd, so that checksums meet it

function caseOf(name: string, bytes: readonly number[]): Case {
  return { name, bytes: Uint8Array.from(bytes) };
}

function pad(frame: readonly number[]): number[] {
  return [...frame, ...bytesOf(Math.max(0, FRAME_BYTES_MIN - frame.length))];
}

function* combinations(): Generator<{ link: Link; network: Network; transport: Transport; name: string }> {
  for (const link of LINKS) {
    for (const network of NETWORKS) {
      for (const transport of TRANSPORTS) {
        yield { link, network, transport, name: `${link.name}, ${network.name}, ${transport.name}` };
      }
    }
  }
}

/** Everything that is valid, with payloads and padding. */
export function* validCases(): Generator<Case> {
  for (const { link, network, transport, name } of combinations()) {
    for (const size of PAYLOADS) {
      const frame = link.build(etherTypeOf(network), packetOf(network, transport, bytesOf(size, 0x5a)).bytes);
      yield caseOf(`${name}, ${size} bytes`, frame);
      yield caseOf(`${name}, ${size} bytes, padded`, pad(frame));
    }
  }
}

/** One fault each, in frames that just fit and in padded ones. */
export function* faultyCases(): Generator<Case> {
  for (const { link, network, transport, name } of combinations()) {
    for (const fault of FAULTS) {
      const packet = packetOf(network, transport, bytesOf(FAULT_PAYLOAD, 0x5a));
      const draft = { ...packet, network, protocol: transport };
      if (!fault.fits(draft)) continue;
      fault.spoil(draft);
      const frame = link.build(etherTypeOf(network), draft.bytes);
      yield caseOf(`${name}: ${fault.name}`, frame);
      yield caseOf(`${name}: ${fault.name}, padded`, pad(frame));
    }
  }
}

/** Cut after each byte of the headers. */
export function* truncatedCases(): Generator<Case> {
  for (const { link, network, transport, name } of combinations()) {
    const packet = packetOf(network, transport, [1, 2]);
    const frame = link.build(etherTypeOf(network), packet.bytes);
    for (let length = 1; length < frame.length; length++) {
      yield caseOf(`${name}: cut to ${length} bytes`, frame.slice(0, length));
    }
  }
}

/** The same cuts, by headers that say less: the frame goes on, the packet does not. */
export function* shortenedCases(): Generator<Case> {
  for (const { link, network, transport, name } of combinations()) {
    const whole = packetOf(network, transport, [1, 2]);
    for (let length = whole.extensions; length < whole.bytes.length; length++) {
      const draft = { ...whole, bytes: [...whole.bytes], network, protocol: transport };
      put(draft, network.version === 4 ? 2 : 4, ...pair(network.version === 4 ? length : length - 40));
      mend(draft);
      yield caseOf(`${name}: ends after ${length} bytes`, link.build(etherTypeOf(network), draft.bytes));
    }
  }
}

/** ARP with all sizes of addresses and cuts; tags, labels and sessions that are cut. */
export function* otherCases(): Generator<Case> {
  const [four, six] = [NETWORKS[0]!, NETWORKS.find(({ version }) => version === 6)!];
  for (const link of [...LINKS, ...OTHER_LINKS]) {
    for (const network of [four, six]) {
      const frame = link.build(etherTypeOf(network), packetOf(network, TRANSPORTS[0]!, [1, 2, 3]).bytes);
      yield caseOf(`${link.name}, ${network.name}, padded`, pad(frame));
      for (let length = 1; length <= frame.length; length++) {
        yield caseOf(`${link.name}, ${network.name}: first ${length} bytes`, frame.slice(0, length));
      }
    }
  }
  for (const link of LINKS) {
    const whole = arpOver(link);
    for (let length = 1; length <= whole.length; length++) {
      yield caseOf(`${link.name}, arp: first ${length} bytes`, whole.slice(0, length));
    }
    for (const [hardware, protocol] of [
      [0, 0],
      [6, 16],
      [8, 4],
      [20, 16],
      [255, 255],
    ] as const) {
      // prettier
      yield caseOf(`${link.name}, arp with ${hardware}, ${protocol}`, pad(link.build(0x0806, arp(hardware, protocol))));
    }
  }
}
