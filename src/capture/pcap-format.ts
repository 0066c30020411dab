// Cold. Runs on: NIC, main.
// Classic pcap: packets one behind the other, each with a header of four words.

import {
  PACKET_BYTES_MAX,
  PCAP_CAPTURED,
  PCAP_FRACTION,
  PCAP_ORIGINAL,
  PCAP_PACKET,
  PCAP_SECONDS,
} from '../bursts/wire.js';
import type { CaptureError } from './capture-error.js';
import { toEthernet } from './cooked.js';
import { type CaptureFormat, faultHere, type Reading } from './format.js';
import { PCAP_HEADER_BYTES, type PcapHeader } from './pcap-header.js';
import { pcapTime } from './times.js';

const ONLY = 0; // number of the one interface
const FRACTIONS = { 1: 'ns', 1000: 'us' } as const;

export class PcapFormat implements CaptureFormat {
  readonly name = 'pcap';
  readonly skippedBlocks = 0;
  private readonly reading: Reading;
  private readonly header: PcapHeader;
  private isTimed = false;
  /** The first packet's time, of all passes. */
  private firstSeconds = 0;
  private firstNs = 0;

  /** The window stands at the file's first byte, and has the header. */
  constructor(reading: Reading, header: PcapHeader) {
    this.reading = reading;
    this.header = header;
    const { window, scan } = reading;
    window.position += PCAP_HEADER_BYTES;
    window.littleEndian = header.littleEndian;
    scan.swapped = !header.littleEndian;
    scan.interfaces = 1;
    scan.writeInterface(ONLY, header.fcsBytes);
  }

  scanRun(): void {
    const { bursts, scan, window, frames } = this.reading;
    if (!this.isTimed || this.header.link !== 'ethernet') return;
    const { address } = scan;
    const { nextRecord, nextTime, free } = frames;
    frames.added(bursts.scanPcap(address, window.position, window.end, free, nextRecord, nextTime));
    window.position = scan.next;
  }

  readOne(): number {
    const { window } = this.reading;
    if (window.available < PCAP_PACKET) return PCAP_PACKET;
    const captured = window.word(PCAP_CAPTURED);
    this.check(captured);
    const whole = PCAP_PACKET + captured;
    if (window.available < whole) return whole;
    if (!this.isTimed) this.beginTime();
    this.take(captured);
    window.position += whole;
    return 0;
  }

  end(): void {
    const { window } = this.reading;
    const { available } = window;
    if (available === 0) return;
    if (available < PCAP_PACKET) throw this.breaksOff(available, 'its header', PCAP_PACKET);
    throw this.breaksOff(available - PCAP_PACKET, 'its bytes', window.word(PCAP_CAPTURED));
  }

  private check(captured: number): void {
    const { window } = this.reading;
    const most = Math.min(PACKET_BYTES_MAX, window.capacity - PCAP_PACKET);
    if (captured > most) {
      const problem = `says that it has ${captured} bytes, and ${most} are the most: the file is corrupt here`;
      throw faultHere(this.reading, 'packet', problem);
    }
    const fraction = window.word(PCAP_FRACTION);
    const { nsPerFraction } = this.header;
    if (fraction * nsPerFraction < 1e9) return;
    const found = `is ${fraction} ${FRACTIONS[nsPerFraction]} past the full second, where ${1e9 / nsPerFraction - 1} is the most`;
    throw faultHere(this.reading, 'packet', `${found}: the file is corrupt here, or its magic number is wrong`);
  }

  /** The first packet: times are told from it, in later passes too. */
  private beginTime(): void {
    const { window, scan, epoch } = this.reading;
    const { nsPerFraction, link } = this.header;
    const [seconds, fraction] = [window.word(PCAP_SECONDS), window.word(PCAP_FRACTION)];
    const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction * nsPerFraction);
    const first = epoch.begin(ns, { ticksPerSecond: 1_000_000_000n, offsetSeconds: 0n });
    this.firstSeconds = Number(first / 1_000_000_000n);
    this.firstNs = Number(first % 1_000_000_000n);
    scan.writeTime(ONLY, pcapTime(this.firstSeconds, this.firstNs, nsPerFraction), link === 'ethernet');
    this.isTimed = true;
  }

  private take(captured: number): void {
    const { window, frames, bytes } = this.reading;
    const { link, nsPerFraction, littleEndian } = this.header;
    const stored = { address: window.position + PCAP_PACKET, captured, original: window.word(PCAP_ORIGINAL) };
    const seconds = window.word(PCAP_SECONDS) - this.firstSeconds;
    const time = seconds * 1e9 + window.word(PCAP_FRACTION) * nsPerFraction - this.firstNs;
    frames.add(link === 'ethernet' ? stored : toEthernet(bytes, stored, link, littleEndian), ONLY, time);
  }

  private breaksOff(present: number, part: string, wanted: number): CaptureError {
    const problem = `breaks off: ${present} of the ${wanted} bytes of ${part} are there`;
    return faultHere(this.reading, 'packet', problem);
  }
}
