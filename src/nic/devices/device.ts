// Hot. Runs on: NIC, once per burst.
// A device is where packets come from: frames that lie in shared memory, an order to send them in, and times.

/**
 * Frames in sending order. Record i is FRAME_RECORD_BYTES at `table` (src/bursts/layout.ts); after the last comes the first.
 * Frames may lie in a window of something larger: ready() may put others in their place, and is only called when every
 * frame that was advanced over has been copied or dropped.
 */
export interface FrameSource {
  /** Byte address of the first record. */
  readonly table: number;
  readonly tableLength: number;
  /** Index of the record of the next frame. */
  readonly position: number;
  /** There will be no further frame. */
  readonly ended: boolean;
  /** No frame is ready: when to look again, in the clock's ns. 0 = there are some, or there never will be. */
  readonly retryNs: number;
  /** How many frames may be offered from the position on, at most `max`. */
  ready(max: number): number;
  /** So many of them were offered. */
  advance(count: number): void;
  /** What cannot be told while packets move: why the source ended too early. */
  close(): SourceFault | null;
}

/** Why a source ended too early. Travels to main. */
export interface SourceFault {
  readonly path: string;
  readonly problem: string;
  /** It ended before its first frame: nothing was replayed. */
  readonly isRefusal: boolean;
}

/** The frames of a recording have times of their own. */
export interface RecordedFrames extends FrameSource {
  /** When the frame `after` frames behind the next one was recorded: ns after the first frame of all. */
  timeNs(after: number): number;
}

/** When frames come. Frame numbers count from 0 and run on through repeated passes. */
export interface Arrival {
  /** True when frames are always due, so that the clock need not be read. */
  readonly unpaced: boolean;
  /** The first frame's time is now. Called once, before the others. */
  start(nowNs: number): void;
  /** How many of the frames from number `offered` on, the next of the source, are due at `nowNs`, at most `max`. */
  due(nowNs: number, offered: number, max: number): number;
  /** When frame number `offered` is due, in ns of the same clock. The source has it ready. */
  nextNs(offered: number): number;
}

export interface Device {
  /** As the user wrote it: `pktgen`, `pcap:FILE`. */
  readonly name: string;
  readonly frames: FrameSource;
  readonly arrival: Arrival;
}
