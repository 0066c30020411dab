// Cold. Runs on: main.
// Where things stand in a capture, as far as it can be followed: so that mutations meet lengths and types, not only
// payload.

export interface Capture {
  readonly isLittleEndian: boolean;
  /** Offsets of words that say something of the capture, without packets' bytes. */
  readonly words: readonly number[];
  /** Where packets or blocks begin, the first after the file's header; and the end. */
  readonly parts: readonly number[];
}

const SECTION = 0x0a0d0d0a;
const PCAP_HEADER_BYTES = 24;
const PCAP_HEADER_WORDS = [0, 4, 8, 12, 16, 20];
const PACKET_HEADER_BYTES = 16;
const BLOCK_BYTES_MIN = 12;
const BLOCK_WORDS_MAX = 9; // header and what may follow: fields, first options

/** Null when it is neither pcap nor pcapng. */
export function landmarksOf(bytes: Uint8Array): Capture | null {
  if (bytes.length < PCAP_HEADER_BYTES) return null;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.getUint32(0) === SECTION) return pcapngMarks(data);
  const isMagic = (littleEndian: boolean) => [0xa1b2c3d4, 0xa1b23c4d].includes(data.getUint32(0, littleEndian));
  if (isMagic(true)) return pcapMarks(data, true);
  return isMagic(false) ? pcapMarks(data, false) : null;
}

function pcapMarks(data: DataView, isLittleEndian: boolean): Capture {
  const words = [...PCAP_HEADER_WORDS];
  const parts: number[] = [];
  for (let at = PCAP_HEADER_BYTES; at + PACKET_HEADER_BYTES <= data.byteLength; ) {
    parts.push(at);
    words.push(at, at + 4, at + 8, at + 12);
    at += PACKET_HEADER_BYTES + data.getUint32(at + 8, isLittleEndian);
  }
  return { isLittleEndian, words, parts: [...parts, data.byteLength] };
}

function pcapngMarks(data: DataView): Capture {
  const words: number[] = [];
  const parts: number[] = [];
  let isLittleEndian = data.getUint32(8, true) === 0x1a2b3c4d;
  for (let at = 0; at + BLOCK_BYTES_MIN <= data.byteLength; ) {
    if (data.getUint32(at) === SECTION) isLittleEndian = data.getUint32(at + 8, true) === 0x1a2b3c4d;
    const length = Math.max(BLOCK_BYTES_MIN, data.getUint32(at + 4, isLittleEndian));
    parts.push(at);
    const end = Math.min(at + length, data.byteLength) & ~3;
    for (let word = 0; word < BLOCK_WORDS_MAX && at + 4 * word < end - 4; word++) words.push(at + 4 * word);
    words.push(end - 4);
    at += length;
  }
  return { isLittleEndian, words, parts: [...parts, data.byteLength] };
}
