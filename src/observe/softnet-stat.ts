// Cold. Runs on: main.
// /proc/net/softnet_stat, out of a snapshot (net/core/net-procfs.c: softnet_seq_show).

import type { CpuSnapshot } from '../coordinator/snapshot-types.js';

/** What a line tells of. */
export type SoftnetCpu = Pick<
  CpuSnapshot,
  | 'id'
  | 'online'
  | 'processed'
  | 'dropped'
  | 'timeSqueeze'
  | 'receivedRps'
  | 'flowLimitCount'
  | 'inputPktQueue'
  | 'processQueue'
>;

/** Once cpu_collision, and what a fast route did. */
const NO_MORE = [0, 0, 0, 0, 0, 0];

/**
 * A line for each CPU that is online, without a heading, as the kernel's: processed, dropped, time_squeeze, six that are always 0,
 * received_rps, flow_limit_count, backlog length, CPU, input_pkt_queue, process_queue. Each in eight digits of hex, so that it wraps at 2^32.
 * @param cpus `snapshot.cpus`
 */
export function softnetStat(cpus: readonly SoftnetCpu[]): string {
  return cpus
    .filter(({ online }) => online)
    .map((cpu) => `${columnsOf(cpu).map(hex).join(' ')}\n`)
    .join('');
}

function columnsOf(cpu: SoftnetCpu): number[] {
  const { processed, dropped, timeSqueeze, receivedRps, flowLimitCount, id, inputPktQueue, processQueue } = cpu;
  const waiting = inputPktQueue + processQueue;
  const counters = [processed, dropped, timeSqueeze, ...NO_MORE, receivedRps, flowLimitCount];
  return [...counters, waiting, id, inputPktQueue, processQueue];
}

/** `%08x` of an unsigned int */
function hex(value: number): string {
  return (value % 2 ** 32).toString(16).padStart(8, '0');
}
