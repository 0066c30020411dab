// Cold. Runs on: NIC, main.
// An Interface Description Block.
//
//   8  link type  u16 · u16 reserved
//  12  snaplen    0 = no limit
//  16  options    code u16, length u16, value padded to 4 bytes; the list ends with code 0, or with the block

import { BLOCK_TRAILER_BYTES } from '../bursts/wire.js';
import { faultHere, type Reading } from './format.js';
import { type InterfaceClock, MICROSECONDS } from './times.js';

export interface Interface {
  readonly linkType: number;
  readonly snaplen: number;
  readonly fcsBytes: number;
  readonly clock: InterfaceClock;
}

const LINK_TYPE = 8;
const SNAPLEN = 12;
const OPTIONS = 16;
export const INTERFACE_BLOCK_BYTES_MIN = OPTIONS + BLOCK_TRAILER_BYTES;

const OPTION_HEADER = 4;
const END_OF_OPTIONS = 0;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;
/** ns since 1970 fit an int64 in no finer count; nobody has a clock that counts finer. */
const DECIMALS_MAX = 19;
const BINARY_DIGITS_MAX = 63;
const FCS_BYTES_MAX = 7;

/** @param visible bytes of the block that are in the window, options beyond are not looked at */
export function parseInterface(reading: Reading, visible: number): Interface {
  const { window } = reading;
  let [fcsBytes, ticksPerSecond, offsetSeconds] = [0, MICROSECONDS.ticksPerSecond, 0n];
  for (const { code, at, length } of optionsOf(reading, visible)) {
    if (code === IF_TSRESOL && length >= 1) ticksPerSecond = resolution(reading, window.byte(at));
    if (code === IF_TSOFFSET && length >= 8) offsetSeconds = window.long(at);
    if (code === IF_FCSLEN && length >= 1) fcsBytes = fcsOf(window.byte(at));
  }
  const clock = { ticksPerSecond, offsetSeconds };
  return { linkType: window.half(LINK_TYPE), snaplen: window.word(SNAPLEN), fcsBytes, clock };
}

interface Option {
  readonly code: number;
  /** Of the value, in bytes after the window's position. */
  readonly at: number;
  readonly length: number;
}

function optionsOf({ window }: Reading, visible: number): Option[] {
  const options: Option[] = [];
  for (let at = OPTIONS; at + OPTION_HEADER <= visible - BLOCK_TRAILER_BYTES; ) {
    const [code, length] = [window.half(at), window.half(at + 2)];
    const value = at + OPTION_HEADER;
    if (code === END_OF_OPTIONS || value + length > visible - BLOCK_TRAILER_BYTES) break;
    options.push({ code, at: value, length });
    at = value + ((length + 3) & ~3);
  }
  return options;
}

/** The highest bit says whether the other seven are a power of ten or of two. */
function resolution(reading: Reading, byte: number): bigint {
  const exponent = byte & 0x7f;
  const isBinary = byte > 0x7f;
  if (exponent <= (isBinary ? BINARY_DIGITS_MAX : DECIMALS_MAX)) return (isBinary ? 2n : 10n) ** BigInt(exponent);
  const unit = `${isBinary ? 2 : 10}^-${exponent}`;
  const problem = `counts time in ${unit} s (if_tsresol); 10^-${DECIMALS_MAX} and 2^-${BINARY_DIGITS_MAX} are the finest`;
  throw faultHere(reading, 'the interface', problem);
}

/** Some write bits, as the draft once had it, and some bytes, as Wireshark reads it: an FCS has 2 or 4 bytes. */
function fcsOf(value: number): number {
  return value > FCS_BYTES_MAX ? value >> 3 : value;
}
