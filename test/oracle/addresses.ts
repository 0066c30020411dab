// Cold. Runs on: main.
// Addresses and ports where the classifier says that headers begin, as tshark writes them.

const IPV4_ADDRESSES = 12;
const IPV6_ADDRESSES = 8;
const GROUPS = 8;

/** Source and destination; '' where the frame ends before them. */
export function addressesOf(frame: Uint8Array, network: number, protocols: readonly string[]): [string, string] {
  const isFour = protocols.includes('ipv4');
  if (!isFour && !protocols.includes('ipv6')) return ['', ''];
  const [at, length, text] = isFour
    ? ([IPV4_ADDRESSES, 4, textOf4] as const)
    : ([IPV6_ADDRESSES, 16, textOf6] as const);
  const first = network + at;
  if (frame.length < first + 2 * length) return ['', ''];
  return [text(frame.subarray(first, first + length)), text(frame.subarray(first + length, first + 2 * length))];
}

export function portsOf(frame: Uint8Array, transport: number, protocols: readonly string[]): [string, string] {
  const hasPorts = transport > 0 && (protocols.includes('udp') || protocols.includes('tcp'));
  if (!hasPorts || frame.length < transport + 4) return ['', ''];
  const port = (at: number) => String(frame[transport + at]! * 256 + frame[transport + at + 1]!);
  return [port(0), port(2)];
}

function textOf4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** As RFC 5952 wants it: the longest run of two zero groups or more, the first of the longest, becomes "::". */
function textOf6(bytes: Uint8Array): string {
  const groups = Array.from({ length: GROUPS }, (_, i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!);
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    const end = groups.findIndex((group, i) => i >= start && group !== 0);
    const length = (end < 0 ? groups.length : end) - start;
    if (length > best[1]) best = [start, length];
  }
  return best;
}
