// Cold. Runs on: main.
// A pcapng reader that knows the blocks which we write, and takes nothing else: whatever is not as the specification says is an
// error.

export interface ReadPacket {
  readonly interface: number;
  /** ns since 1970 */
  readonly time: bigint;
  readonly bytes: Buffer;
  readonly original: number;
  readonly comment: string | null;
}

export interface ReadStatistics {
  readonly interface: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly received: bigint;
  readonly dropped: bigint;
}

export interface ReadCapture {
  readonly application: string;
  readonly interfaces: readonly string[];
  readonly packets: readonly ReadPacket[];
  readonly statistics: readonly ReadStatistics[];
}

interface Block {
  readonly type: number;
  readonly body: Buffer;
}

export function readPcapng(file: Buffer): ReadCapture {
  const [section, ...rest] = blocksOf(file);
  const application = readSection(section!);
  const interfaces: string[] = [];
  const packets: ReadPacket[] = [];
  const statistics: ReadStatistics[] = [];
  for (const { type, body } of rest) {
    if (type === 1) interfaces.push(readInterface(body));
    else if (type === 6) packets.push(readPacket(body, interfaces.length));
    else if (type === 5) statistics.push(readStatistics(body, interfaces.length));
    else throw new Error(`block of type ${type}`);
  }
  return { application, interfaces, packets, statistics };
}

function blocksOf(file: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < file.length; ) {
    const total = file.readUInt32LE(at + 4);
    expect(total % 4, 0, `length of the block at ${at}, modulo 4`);
    expect(total >= 12 && at + total <= file.length, true, `length ${total} of the block at ${at} is possible`);
    expect(file.readUInt32LE(at + total - 4), total, `second length of the block at ${at}`);
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + total - 4) });
    at += total;
  }
  return blocks;
}

function readSection({ type, body }: Block): string {
  expect(type, 0x0a0d0d0a, 'type of the section header');
  expect(body.readUInt32LE(0), 0x1a2b3c4d, 'byte-order magic');
  expect(body.readUInt32LE(4), 1, 'version 1.0');
  expect(body.readBigInt64LE(8), -1n, 'section length');
  return textOf(optionsOf(body, 16, [3, 4]), 4);
}

function readInterface(body: Buffer): string {
  expect(body.readUInt32LE(0), 1, 'link type Ethernet, and nothing reserved');
  expect(body.readUInt32LE(4), 0, 'snaplen: no limit');
  const options = optionsOf(body, 8, [2, 9]);
  expect(options.get(9)?.[0], 9, 'times in ns');
  return textOf(options, 2);
}

function readPacket(body: Buffer, interfaces: number): ReadPacket {
  const id = body.readUInt32LE(0);
  expect(id < interfaces, true, `interface ${id} is one of ${interfaces}`);
  const captured = body.readUInt32LE(12);
  const end = 20 + captured;
  const options = optionsOf(body, end + padding(body, end), [1]);
  return {
    interface: id,
    time: timeOf(body, 4),
    bytes: body.subarray(20, end),
    original: body.readUInt32LE(16),
    comment: options.has(1) ? textOf(options, 1) : null,
  };
}

function readStatistics(body: Buffer, interfaces: number): ReadStatistics {
  const id = body.readUInt32LE(0);
  expect(id < interfaces, true, `interface ${id} is one of ${interfaces}`);
  const options = optionsOf(body, 12, [2, 3, 4, 5]);
  const end = timeOf(options.get(3)!, 0);
  expect(timeOf(body, 4), end, 'time of the statistics');
  const [received, dropped] = [4, 5].map((code) => options.get(code)!.readBigUInt64LE());
  return { interface: id, start: timeOf(options.get(2)!, 0), end, received: received!, dropped: dropped! };
}

/** To the end of the block: either nothing, or options of these codes with an end of options behind them. */
function optionsOf(body: Buffer, start: number, codes: readonly number[]): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  let at = start;
  while (at < body.length) {
    const code = body.readUInt16LE(at);
    const length = body.readUInt16LE(at + 2);
    const end = at + 4 + length;
    if (code === 0) {
      expect(length, 0, 'length of opt_endofopt');
      expect(end, body.length, 'opt_endofopt is the last');
      return options;
    }
    expect(codes.includes(code) && !options.has(code), true, `option ${code}, once`);
    options.set(code, body.subarray(at + 4, end));
    at = end + padding(body, end);
  }
  expect(options.size, 0, 'options without an end');
  expect(at, body.length, 'end of the block');
  return options;
}

/** How many bytes there are up to a multiple of 4, all of them 0. */
function padding(body: Buffer, end: number): number {
  const bytes = -end & 3;
  for (let i = 0; i < bytes; i += 1) expect(body[end + i], 0, 'padding');
  return bytes;
}

function timeOf(body: Buffer, at: number): bigint {
  return (BigInt(body.readUInt32LE(at)) << 32n) | BigInt(body.readUInt32LE(at + 4));
}

function textOf(options: Map<number, Buffer>, code: number): string {
  const value = options.get(code);
  if (value === undefined) throw new Error(`option ${code} is missing`);
  return value.toString('utf8');
}

function expect(found: unknown, right: unknown, what: string): void {
  if (found !== right) throw new Error(`${what}: ${found} is not ${right}`);
}
