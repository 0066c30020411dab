// Hot. Runs on: CPU n.
// Flow limit (struct sd_flow_limit, net/core/dev.c): which flows the last packets were of that one CPU has sent to backlogs, its own
// among them, that were half full. A flow that was more than half of them is dropped, so that others find room.
//
//   0     TABLE    the one that is here, by its number (Sysctls.flowTable)     all of them: this CPU
//   1     HEAD     place of the oldest packet in the history
//   16…   HISTORY  128 packets: the bucket of each
//   144…  BUCKETS  65,536 bytes: how many of these packets are in each; a table may have fewer
// Main has reserved it, and names a table that is to be made; its CPU empties it.

import { CACHE_LINE_WORDS, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { FLOW_LIMIT_TABLE_LEN_MAX, flowTableLog, type Sysctls } from '../napi/sysctl.js';

const TABLE = 0;
const HEAD = 1;
const HISTORY = CACHE_LINE_WORDS;
const FLOW_LIMIT_HISTORY = 128;
const BUCKETS = HISTORY + FLOW_LIMIT_HISTORY;
export const FLOW_LIMIT_BYTES = BUCKETS * 4 + FLOW_LIMIT_TABLE_LEN_MAX;

/** include/linux/hash.h */
const GOLDEN_RATIO_32 = 0x61c88647;

export class FlowLimit {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly doubles: Float64Array;
  private readonly sysctls: Sysctls;
  private readonly cpu: number;
  private readonly base: number;
  private readonly buckets: number;
  private readonly count: number;
  /** log2 of the table's buckets; -1: there is none. */
  private log: number;

  /** @param count byte address of the counter flow_limit_count */
  constructor(views: Views, address: number, cpu: number, sysctls: Sysctls, count: number) {
    this.words = views.words;
    this.bytes = views.bytes;
    this.doubles = views.doubles;
    this.sysctls = sysctls;
    this.cpu = cpu;
    this.base = address / 4;
    this.buckets = address + BUCKETS * 4;
    this.count = count / DOUBLE_BYTES;
    this.log = flowTableLog(this.words[this.base + TABLE]!); // of this CPU before it went offline
  }

  /** From here on it goes by the sysctl as it is now. @returns false when there is no table */
  look(): boolean {
    const table = this.sysctls.flowTable(this.cpu);
    if (table !== this.words[this.base + TABLE]) this.change(table);
    return this.log >= 0;
  }

  private change(table: number): void {
    this.words[this.base + TABLE] = table;
    this.log = flowTableLog(table);
    if (this.log < 0) return;
    this.words.fill(0, this.base + HEAD, this.base + BUCKETS);
    this.bytes.fill(0, this.buckets, this.buckets + (1 << this.log));
  }

  /**
   * skb_flow_limit, for a packet to a backlog that is half full.
   * @returns true when the last 128, this one among them, have more than 64 in its bucket: it is to be dropped, and counted
   */
  isOver(hash: number): boolean {
    if (this.log < 0) return false;
    const { words, bytes, base, buckets } = this;
    const head = words[base + HEAD]!;
    const flow = hash32(hash, this.log);
    const oldest = buckets + words[base + HISTORY + head]!;
    words[base + HISTORY + head] = flow;
    words[base + HEAD] = (head + 1) & (FLOW_LIMIT_HISTORY - 1);
    if (bytes[oldest] !== 0) bytes[oldest] = bytes[oldest]! - 1;
    const packets = bytes[buckets + flow]! + 1;
    bytes[buckets + flow] = packets;
    if (packets <= FLOW_LIMIT_HISTORY / 2) return false;
    this.doubles[this.count] = this.doubles[this.count]! + 1;
    return true;
  }
}

/** hash_32. With `bits` 0, where the kernel's shift is undefined: 0. */
function hash32(value: number, bits: number): number {
  return bits === 0 ? 0 : Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits);
}
