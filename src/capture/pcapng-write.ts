// Cold. Runs on: main.
// The blocks of a pcapng file around its packets (draft-ietf-opsawg-pcapng), in little-endian. The packets' own blocks are
// written by the burst functions encode…().

const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION_BLOCK = 1;
const INTERFACE_STATISTICS_BLOCK = 5;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const MAJOR = 1;
const MINOR = 0;
const UNKNOWN_LENGTH = 0xffff_ffff; // of a section, in each of its two words
const LINKTYPE_ETHERNET = 1;
const NO_SNAPLEN = 0;
const RESOLUTION_NS = 9; // 10^-9 s

const OPT_ENDOFOPT = 0;
const OPT_COMMENT = 1;
const SHB_OS = 3;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const ISB_STARTTIME = 2;
const ISB_ENDTIME = 3;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;

/** ns since 1970 as two unsigned 32-bit words: a double would be some 200 ns off. */
export interface Timestamp {
  readonly high: number;
  readonly low: number;
}

/** What the end of a file tells of one interface. */
export interface InterfaceStatistics {
  readonly start: Timestamp;
  readonly end: Timestamp;
  /** Frames that came for it, dropped or not. */
  readonly received: number;
  /** Those of them for which it had no buffer. */
  readonly dropped: number;
}

/** @param application who writes: `softirq 0.2.0` */
export function sectionHeader(application: string, system: string): Buffer {
  const body = Buffer.concat([words(BYTE_ORDER_MAGIC), halves(MAJOR, MINOR), words(UNKNOWN_LENGTH, UNKNOWN_LENGTH)]);
  return block(SECTION_HEADER_BLOCK, body, [
    option(SHB_OS, Buffer.from(system)),
    option(SHB_USERAPPL, Buffer.from(application)),
  ]);
}

/** An Ethernet interface, its packets whole and its times in ns. */
export function interfaceDescription(name: string): Buffer {
  const body = Buffer.concat([halves(LINKTYPE_ETHERNET, 0), words(NO_SNAPLEN)]);
  return block(INTERFACE_DESCRIPTION_BLOCK, body, [
    option(IF_NAME, Buffer.from(name)),
    option(IF_TSRESOL, Buffer.from([RESOLUTION_NS])),
  ]);
}

export function interfaceStatistics(id: number, { start, end, received, dropped }: InterfaceStatistics): Buffer {
  return block(INTERFACE_STATISTICS_BLOCK, words(id, end.high, end.low), [
    option(ISB_STARTTIME, words(start.high, start.low)),
    option(ISB_ENDTIME, words(end.high, end.low)),
    option(ISB_IFRECV, long(received)),
    option(ISB_IFDROP, long(dropped)),
  ]);
}

/** The options of a packet that says why it was dropped. */
export function commentOptions(text: string): Buffer {
  return options([option(OPT_COMMENT, Buffer.from(text))]);
}

function block(type: number, body: Buffer, list: readonly Buffer[]): Buffer {
  const content = Buffer.concat([body, options(list)]);
  const total = words(12 + content.length);
  return Buffer.concat([words(type), total, content, total]);
}

function options(list: readonly Buffer[]): Buffer {
  return Buffer.concat([...list, halves(OPT_ENDOFOPT, 0)]);
}

function option(code: number, value: Buffer): Buffer {
  return Buffer.concat([halves(code, value.length), value, Buffer.alloc(-value.length & 3)]);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    buffer.writeUInt32LE(value, i * 4);
  });
  return buffer;
}

function halves(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => {
    buffer.writeUInt16LE(value, i * 2);
  });
  return buffer;
}

function long(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}
