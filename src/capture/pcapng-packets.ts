// Cold. Runs on: NIC, main.
// The packets of a section, one by one, and the interfaces that they came by. Most are taken by a scan and never come here.
//
//   Enhanced  8 interface · 12, 16 time · 20 captured · 24 original · 28 bytes
//   Obsolete  8 interface u16, drops u16; then as Enhanced
//   Simple    8 original · 12 bytes: as many as interface 0's snaplen allows

import { ticksOf } from '../bursts/reference/scan.js';
import {
  BLOCK_TRAILER_BYTES,
  EPB_BYTES,
  EPB_CAPTURED,
  EPB_INTERFACE,
  EPB_ORIGINAL,
  EPB_PACKET,
  EPB_TIME_HIGH,
  EPB_TIME_LOW,
  PACKET_BYTES_MAX,
} from '../bursts/wire.js';
import { toEthernet } from './cooked.js';
import { faultHere, type Reading } from './format.js';
import { INTERFACES_MAX } from './layout.js';
import { type LinkKind, linkKind, linkName, REPLAYED } from './link-types.js';
import type { Interface } from './pcapng-interface.js';
import { interfaceTime } from './times.js';

export const BLOCK_OBSOLETE_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
const SIMPLE_ORIGINAL = 8;
const SIMPLE_DATA = 12;
const SIMPLE_BYTES_MIN = SIMPLE_DATA + BLOCK_TRAILER_BYTES;
const FIRST_INTERFACE = 0;

export class PcapngPackets {
  private readonly reading: Reading;
  private interfaces: Interface[] = [];

  constructor(reading: Reading) {
    this.reading = reading;
  }

  beginSection(): void {
    this.interfaces = [];
    this.reading.scan.interfaces = 0;
  }

  /** An interface of which nothing can be replayed does no harm before its first packet. */
  addInterface(description: Interface): void {
    const { scan } = this.reading;
    const number = this.interfaces.length;
    if (number === INTERFACES_MAX) {
      throw faultHere(
        this.reading,
        'the block',
        `is interface ${number + 1} of its section; ${INTERFACES_MAX} are the most`,
      );
    }
    this.interfaces.push(description);
    scan.writeInterface(number, description.fcsBytes);
    scan.interfaces = this.interfaces.length;
    this.writeTime(number);
  }

  /** @param visible bytes of the block that are in the window */
  readEnhanced(length: number, visible: number): void {
    this.checkLength(length, EPB_BYTES);
    this.read(this.reading.window.word(EPB_INTERFACE), length, visible);
  }

  readObsolete(length: number, visible: number): void {
    this.checkLength(length, EPB_BYTES);
    this.read(this.reading.window.half(EPB_INTERFACE), length, visible);
  }

  /** Such a packet has no time: it goes with the one ahead. */
  readSimple(length: number, visible: number): void {
    this.checkLength(length, SIMPLE_BYTES_MIN);
    const { window, scan } = this.reading;
    const link = this.linkOf(FIRST_INTERFACE);
    const original = window.word(SIMPLE_ORIGINAL);
    const { snaplen } = this.interfaces[FIRST_INTERFACE]!;
    const captured = Math.min(original, snaplen === 0 ? original : snaplen, length - SIMPLE_BYTES_MIN);
    this.checkCaptured(captured, SIMPLE_DATA, length, visible);
    const time = Math.max(0, scan.previousNs);
    this.add(FIRST_INTERFACE, link, { address: window.position + SIMPLE_DATA, captured, original }, time);
  }

  private read(number: number, length: number, visible: number): void {
    const { window, epoch, scan } = this.reading;
    const link = this.linkOf(number);
    const [captured, original] = [window.word(EPB_CAPTURED), window.word(EPB_ORIGINAL)];
    this.checkCaptured(captured, EPB_PACKET, length, visible);
    const ticks = ticksOf(window.word(EPB_TIME_HIGH), window.word(EPB_TIME_LOW));
    if (epoch.firstNs === null) {
      epoch.begin(ticks, this.interfaces[number]!.clock);
      for (const index of this.interfaces.keys()) this.writeTime(index);
    }
    const stored = { address: window.position + EPB_PACKET, captured, original };
    this.add(number, link, stored, scan.timeOf(number, ticks));
  }

  private add(
    number: number,
    link: LinkKind,
    stored: { readonly address: number; readonly captured: number; readonly original: number },
    time: number,
  ): void {
    const { bytes, window, frames } = this.reading;
    frames.add(link === 'ethernet' ? stored : toEthernet(bytes, stored, link, window.littleEndian), number, time);
  }

  /** As soon as it is known when the first packet came. */
  private writeTime(number: number): void {
    const { scan, epoch } = this.reading;
    const { clock, linkType } = this.interfaces[number]!;
    if (epoch.firstNs === null) return;
    scan.writeTime(number, interfaceTime(clock, epoch.firstNs), linkKind(linkType) === 'ethernet');
  }

  private linkOf(number: number): LinkKind {
    const description = this.interfaces[number];
    if (description === undefined) {
      const problem = `is of interface ${number}, and the section has ${this.interfaces.length}: the file is corrupt here`;
      throw faultHere(this.reading, 'packet', problem);
    }
    const { linkType } = description;
    const kind = linkKind(linkType);
    if (kind !== null) return kind;
    throw faultHere(this.reading, 'packet', `has link type ${linkType} (${linkName(linkType)}); ${REPLAYED}`);
  }

  private checkLength(length: number, least: number): void {
    if (length >= least) return;
    const problem = `is in a block of ${length} bytes, where ${least} are the least: the file is corrupt here`;
    throw faultHere(this.reading, 'packet', problem);
  }

  private checkCaptured(captured: number, data: number, length: number, visible: number): void {
    const room = length - data - BLOCK_TRAILER_BYTES;
    const most = Math.min(room, PACKET_BYTES_MAX, visible - data);
    if (captured <= most) return;
    const says = `says that it has ${captured} bytes`;
    const problem =
      captured > room ? `${says}, and its block has room for ${room}` : `${says}, and ${most} are the most`;
    throw faultHere(this.reading, 'packet', `${problem}: the file is corrupt here`);
  }
}
