// Cold. Runs on: main.
// Wireshark's tools, and their view of a capture file.

import { spawnSync } from 'node:child_process';

/** For a test's `skip`: false where tshark is. Started, it would take longer to say so than most tests. */
export const NO_TSHARK = spawnSync('sh', ['-c', 'command -v tshark']).status !== 0 && 'tshark is not installed';

const BYTES_MAX = 2 ** 29;

export interface ToolOptions {
  /** Of Wireshark's own: where it finds its settings, in place of the user's. */
  readonly configuration?: string;
  /** Whatever it says on stderr, but who runs it, is an error. */
  readonly strict?: boolean;
}

/** Runs `tshark`, `capinfos`, `editcap` … @returns what it prints @throws Error with what it says when it fails */
export function wireshark(tool: string, args: readonly string[], options: ToolOptions = {}): string {
  const { configuration, strict = false } = options;
  const env = configuration === undefined ? process.env : { ...process.env, WIRESHARK_CONFIG_DIR: configuration };
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: BYTES_MAX, env });
  if (error !== undefined) throw error;
  const complaint = stderr.replace(/^Running as user "root".*\n/m, '').trim();
  if (status !== 0 || (strict && complaint !== '')) throw new Error(`${tool} ${args.join(' ')}: ${complaint}`);
  return stdout;
}

/** What capinfos says, in a table of its own words. @throws Error when it complains */
export function capinfos(path: string): string {
  return wireshark('capinfos', [path], { strict: true });
}

/** Protocols as tshark counts them: its name, the one above it by indent, frames, bytes. Fragments stay apart. */
export function hierarchy(path: string): { depth: number; name: string; frames: number; bytes: number }[] {
  const apart = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE'];
  const text = wireshark('tshark', ['-n', '-q', '-r', path, ...apart, '-z', 'io,phs']);
  return [...text.matchAll(/^( *)(\S+) +frames:(\d+) bytes:(\d+)$/gm)].map(([, indent, name, frames, bytes]) => ({
    depth: indent!.length / 2,
    name: name!,
    frames: Number(frames),
    bytes: Number(bytes),
  }));
}

/** The fields of each packet, as tshark dissects them, with checksums checked. */
export function dissect(path: string, fields: readonly string[], options: readonly string[] = []): string[][] {
  const checks = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
  const wanted = fields.flatMap((field) => ['-e', field]);
  const format = ['-T', 'fields', '-E', 'separator=;'];
  return wireshark('tshark', ['-n', '-r', path, ...checks, ...options, ...format, ...wanted])
    .trimEnd()
    .split('\n')
    .map((line) => line.split(';'));
}

export interface SharkPacket {
  /** ns since 1970 */
  readonly time: bigint;
  readonly interface: string;
  readonly bytes: Buffer;
  readonly original: number;
  readonly comment: string | null;
}

const PACKET_FIELDS = ['frame.time_epoch', 'frame.interface_name', 'frame.len', 'frame.cap_len', 'frame.comment'];

/** Every packet as tshark tells it; what is in it is not dissected. @throws Error when it complains */
export function sharkPackets(path: string): SharkPacket[] {
  const told = (args: readonly string[]) =>
    wireshark('tshark', ['-n', '--disable-protocol', 'eth', '-r', path, ...args], { strict: true });
  const fields = PACKET_FIELDS.flatMap((field) => ['-e', field]);
  const lines = told(['-T', 'fields', '-E', 'separator=|', ...fields])
    .split('\n')
    .slice(0, -1);
  const documents = JSON.parse(told(['-T', 'json', '-x', '-j', 'frame'])) as FrameDocument[];
  return lines.map((line, index) => packetOf(line, documents[index]!));
}

/** Of the documents that tshark makes, what is looked at: the frame in hexadecimal digits, if it has bytes. */
interface FrameDocument {
  readonly _source: { readonly layers: { readonly frame_raw?: readonly [string] } };
}

function packetOf(line: string, document: FrameDocument): SharkPacket {
  const [time, name, length, captured, comment] = line.split('|');
  const bytes = Buffer.from(document._source.layers.frame_raw?.[0] ?? '', 'hex');
  if (bytes.length !== Number(captured)) throw new Error(`${line}: ${bytes.length} bytes of ${captured}`);
  const [seconds, fraction] = time!.split('.');
  return {
    time: BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!),
    interface: name!,
    bytes,
    original: Number(length),
    comment: comment === '' ? null : comment!,
  };
}
