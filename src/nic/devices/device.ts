// Cold. Runs on: NIC.
// A device is where packets come from: frames that lie in shared memory, an order to send them in, and times.

/** Frames in sending order. Record i is FRAME_RECORD_BYTES at `table` (src/bursts/layout.ts); after the last comes the first. */
export interface FrameTable {
  /** Byte address of the first record. */
  readonly table: number;
  readonly tableLength: number;
  /** How many frames one pass of the source has: a capture's packets; Infinity for a generator. */
  readonly framesPerPass: number;
}

/** When frames come. Frame numbers count from 0 and run on through repeated passes. */
export interface Arrival {
  /** True when frames are always due, so that the clock need not be read. */
  readonly unpaced: boolean;
  /** The first frame's time is now. Called once, before the others. */
  start(nowNs: number): void;
  /** How many of the frames from number `offered` on are due at `nowNs`, at most `max`. */
  due(nowNs: number, offered: number, max: number): number;
  /** When frame number `offered` is due, in ns of the same clock. */
  nextNs(offered: number): number;
}

export interface Device {
  /** As the user wrote it: `pktgen`, `pcap:FILE`. */
  readonly name: string;
  readonly frames: FrameTable;
  readonly arrival: Arrival;
}
