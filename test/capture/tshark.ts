// Cold. Runs on: main.
// Wireshark's view of a capture file that was recorded.

import { spawnSync } from 'node:child_process';

export interface SharkPacket {
  /** ns since 1970 */
  readonly time: bigint;
  readonly interface: string;
  readonly bytes: Buffer;
  readonly original: number;
  readonly comment: string | null;
}

const BYTES_MAX = 2 ** 29;
const FIELDS = ['frame.time_epoch', 'frame.interface_name', 'frame.len', 'frame.cap_len', 'frame.comment'];

/** Every packet as tshark tells it. @throws Error when it says anything on stderr but who runs it */
export function sharkPackets(path: string): SharkPacket[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const lines = tshark(path, ['-T', 'fields', '-E', 'separator=|', ...fields])
    .split('\n')
    .slice(0, -1);
  const documents = JSON.parse(tshark(path, ['-T', 'json', '-x', '-j', 'frame'])) as FrameDocument[];
  return lines.map((line, index) => {
    const [time, name, length, captured, comment] = line.split('|');
    const bytes = Buffer.from(documents[index]!._source.layers.frame_raw?.[0] ?? '', 'hex');
    if (bytes.length !== Number(captured)) throw new Error(`packet ${index}: ${bytes.length} bytes of ${captured}`);
    const [seconds, fraction] = time!.split('.');
    return {
      time: BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!),
      interface: name!,
      bytes,
      original: Number(length),
      comment: comment === '' ? null : comment!,
    };
  });
}

/** Of the documents that tshark makes, what is looked at: the frame in hexadecimal digits, if it has bytes. */
interface FrameDocument {
  readonly _source: { readonly layers: { readonly frame_raw?: readonly [string] } };
}

/** What capinfos says, in a table of its own words. @throws Error when it complains */
export function capinfos(path: string): string {
  return run('capinfos', [path]);
}

/** Frames are not dissected: what is in them is not the point. */
function tshark(path: string, args: readonly string[]): string {
  return run('tshark', ['-n', '--disable-protocol', 'eth', '-r', path, ...args]);
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: BYTES_MAX });
  const complaint = stderr.replace(/^Running as user "root".*\n/m, '').trim();
  if (status !== 0 || complaint !== '') throw new Error(`${command} ${args.join(' ')}: ${complaint}`);
  return stdout;
}
