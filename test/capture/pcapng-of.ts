// Cold. Runs on: main. pcapng files that tests make, block by block.

/** Writes blocks in one byte order. */
export class Pcapng {
  private readonly littleEndian: boolean;

  constructor(littleEndian = true) {
    this.littleEndian = littleEndian;
  }

  words(...values: number[]): Buffer {
    return Buffer.concat(values.map((value) => this.number(value, 4)));
  }

  half(value: number): Buffer {
    return this.number(value, 2);
  }

  long(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    if (this.littleEndian) bytes.writeBigInt64LE(value);
    else bytes.writeBigInt64BE(value);
    return bytes;
  }

  block(type: number, ...body: readonly Uint8Array[]): Buffer {
    const padded = pad(Buffer.concat(body));
    const length = this.words(12 + padded.length);
    return Buffer.concat([this.words(type), length, padded, length]);
  }

  option(code: number, value: Uint8Array): Buffer {
    return Buffer.concat([this.half(code), this.half(value.length), pad(value)]);
  }

  section(sectionLength = -1n, ...options: readonly Buffer[]): Buffer {
    const head = [this.words(0x1a2b3c4d), this.half(1), this.half(0), this.long(sectionLength)];
    return this.block(0x0a0d0d0a, ...head, ...options);
  }

  interface(linkType: number, snaplen = 0, ...options: readonly Buffer[]): Buffer {
    return this.block(1, this.half(linkType), this.half(0), this.words(snaplen), ...options);
  }

  enhanced(iface: number, ticks: bigint, bytes: Uint8Array, original = bytes.length, ...options: Buffer[]): Buffer {
    const time = [Number(BigInt.asUintN(32, ticks >> 32n)), Number(BigInt.asUintN(32, ticks))];
    return this.block(6, this.words(iface, ...time, bytes.length, original), pad(bytes), ...options);
  }

  obsolete(iface: number, ticks: bigint, bytes: Uint8Array, original = bytes.length): Buffer {
    const time = [Number(ticks >> 32n), Number(BigInt.asUintN(32, ticks))];
    return this.block(2, this.half(iface), this.half(0), this.words(...time, bytes.length, original), bytes);
  }

  simple(bytes: Uint8Array, original = bytes.length): Buffer {
    return this.block(3, this.words(original), bytes);
  }

  private number(value: number, length: 2 | 4): Buffer {
    const bytes = Buffer.alloc(length);
    if (this.littleEndian) bytes.writeUIntLE(value, 0, length);
    else bytes.writeUIntBE(value, 0, length);
    return bytes;
  }
}

/** To a multiple of 4 bytes. */
function pad(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
