// Cold. Runs on: every thread, once.
// The burst functions: what is done to each packet. Each works on slots that the protocol has already handed to the
// calling thread, so none needs atomics. All addresses are in bytes; `head`, `tail`, `posted` are free-running
// cursors, masked on use. The *.as.ts files and reference/ both implement this interface, and property
// tests hold them together.

import type { Views } from '../memory/views.js';

export interface Bursts {
  // ── NIC side ──
  /**
   * Offers `count` frames of a frame table: hashes each (Toeplitz over addresses, and ports for unfragmented TCP and
   * UDP; 0 for anything else), picks its queue by the indirection table, takes the flow's next sequence number. A frame
   * of a length that none can have gets BAD_LENGTH for a queue.
   * @param first index in the table of the first frame; the walk wraps at `tableLength`
   * @returns the sum of the frames' lengths in bytes
   */
  offer(table: number, tableLength: number, first: number, count: number, offers: number, rss: number): number;
  /**
   * Copies the offers of one queue into posted buffers, in order, and writes their descriptors. Stops at the first
   * frame for which too few buffers are posted. Each offer that found room becomes PLACED. Bytes are moved by 16: so
   * many behind each frame must be readable, and what stands behind it in its last buffer means nothing.
   * @param copied byte address of two words: how many frames found room now, and the sum of their lengths
   * @returns the new head, not yet published
   */
  copy(
    offers: number,
    count: number,
    queue: number,
    descriptors: number,
    mask: number,
    head: number,
    posted: number,
    buffers: number,
    copied: number,
  ): number;

  /**
   * Packets of a classic pcap file, at `at` and on → records of a frame table, and the times of these frames. Stops at
   * `end`, after `room` packets, and at the first packet that is odd: not whole, longer than PACKET_BYTES_MAX, with a
   * fraction of more than a second, or of an interface that is not plain. Adds to what is counted at `scan`, and sets
   * SCAN_NEXT.
   * @returns how many packets
   */
  scanPcap(scan: number, at: number, end: number, room: number, records: number, times: number): number;
  /** The same for a run of Enhanced Packet Blocks; any other block is odd, and so is one whose lengths disagree. */
  scanPcapng(scan: number, at: number, end: number, room: number, records: number, times: number): number;

  // ── CPU side ──
  /**
   * Descriptors → entries: whole frames only, at most `budget` of them; a frame whose EOP is not yet visible stays in
   * the ring. Fragments of one frame are chained by the link words. Sets BATCH_CONSUMED.
   * @returns the number of entries
   */
  take(
    descriptors: number,
    mask: number,
    tail: number,
    head: number,
    budget: number,
    batch: number,
    buffers: number,
    links: number,
  ): number;
  /**
   * Finds each entry's protocol, headers and verdict, reading only bytes of its frame (and only of its first buffer);
   * counts the passed ones in the tally; sets BATCH_PASSED_BYTES.
   * @returns the number of odd entries, whose indices stand in BATCH_ODD, ascending
   */
  classify(batch: number, count: number, buffers: number, tally: number): number;
  /**
   * Verifies the UDP and TCP checksums of the entries that classify() passed: over the whole datagram, in all its buffers.
   * Passes what has none, UDP over IPv4 with checksum 0; fragments; and what a routing header of an unknown type leads
   * on, whose last destination is not known. What does not hold gets its verdict, and is taken back from the tally and
   * from BATCH_PASSED_BYTES.
   * @returns the number of odd entries now, listed as classify() lists them
   */
  verify(batch: number, count: number, buffers: number, links: number, tally: number): number;
  /**
   * Moves the entries with verdict PASS to the front, in order, and the others behind them, in any order. The indices
   * in BATCH_ODD no longer hold then.
   * @returns how many passed
   */
  compact(batch: number, count: number): number;
  /** Pushes all buffers of `count` entries, fragments too, onto a stack of ids. @returns the new top (number of ids) */
  recycle(batch: number, count: number, stack: number, top: number, links: number): number;
  /** Writes `count` buffer ids from the stack into the slots from `posted` on. @returns the new top */
  refill(descriptors: number, mask: number, posted: number, count: number, stack: number, top: number): number;
  /** Burns time: `iterations` of a dependent multiply-add. @returns a number that means nothing */
  work(iterations: number): number;
}

export type BurstsFactory = (memory: WebAssembly.Memory, views: Views) => Bursts;
