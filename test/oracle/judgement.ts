// Cold. Runs on: main.
// What is compared: one frame as we see it, and as tshark does.

export interface Judgement {
  /** Stored bytes. */
  readonly length: number;
  /** Names of PROTOCOL_NAMES, in their order. */
  readonly protocols: readonly string[];
  /** As tshark writes addresses; '' when there is none. */
  readonly source: string;
  readonly destination: string;
  /** Of UDP and TCP; '' when there is none. */
  readonly sourcePort: string;
  readonly destinationPort: string;
  /** A name of MALFORMED_REASONS, or ''. */
  readonly reason: string;
}

/** What tshark says, and the names of the headers that it saw, from the outside in. */
export interface Dissection extends Judgement {
  readonly headers: readonly string[];
  /** ns since 1970. */
  readonly timeNs: bigint;
}

export const JUDGED = [
  'length',
  'protocols',
  'source',
  'destination',
  'sourcePort',
  'destinationPort',
  'reason',
] as const satisfies readonly (keyof Judgement)[];
