// Cold. Runs on: NIC, main.
// From what an interface counts to ns after the first packet. Whole numbers do it, once per interface, so that the doubles
// of the scans only see short distances: they are exact for ns over 104 days.

import type { InterfaceTime } from './scan-words.js';

const NS_PER_SECOND = 1_000_000_000n;

/** When the first packet came, for all interfaces and all passes. */
export class Epoch {
  /** ns since 1970; null before the first packet. */
  firstNs: bigint | null = null;

  /** The first packet: its own time is what the others are told from. */
  begin(ticks: bigint, clock: InterfaceClock): bigint {
    this.firstNs ??= floorDivide(ticks * NS_PER_SECOND, clock.ticksPerSecond) + clock.offsetSeconds * NS_PER_SECOND;
    return this.firstNs;
  }
}

/** How an interface of a pcapng file counts time: if_tsresol and if_tsoffset. */
export interface InterfaceClock {
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

export const MICROSECONDS: InterfaceClock = { ticksPerSecond: 1_000_000n, offsetSeconds: 0n };

/** @param firstNs the epoch */
export function interfaceTime({ ticksPerSecond, offsetSeconds }: InterfaceClock, firstNs: bigint): InterfaceTime {
  const base = floorDivide((firstNs - offsetSeconds * NS_PER_SECOND) * ticksPerSecond, NS_PER_SECOND);
  const baseNs = base * NS_PER_SECOND; // times ticksPerSecond
  const whole = floorDivide(baseNs, ticksPerSecond);
  const rest = Number(baseNs - whole * ticksPerSecond) / Number(ticksPerSecond);
  const offset = Number(whole + offsetSeconds * NS_PER_SECOND - firstNs) + rest;
  return { base, scale: Number(NS_PER_SECOND) / Number(ticksPerSecond), offset };
}

/** In classic pcap only seconds are counted from the base. */
export function pcapTime(firstSeconds: number, firstNs: number, nsPerFraction: number): InterfaceTime {
  return { base: BigInt(firstSeconds), scale: nsPerFraction, offset: -firstNs };
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
