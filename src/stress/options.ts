// Cold. Runs on: main.
// The options of a soak, and their checks.

import { z } from 'zod';
import { SoftirqOptionError } from '../coordinator/errors.js';
import { integer, positive } from '../coordinator/option-schema.js';
import { ROUND_MAX, SEED_MAX } from './draw.js';

export interface SoakOptions {
  /** Rounds are begun until so many packets were delivered. */
  readonly packets?: number;
  /** Rounds are begun until so much time has passed; then the traffic of the one that runs ends. */
  readonly minutes?: number;
  /** 0 … SEED_MAX: the same seed draws the same rounds. Default: any. */
  readonly seed?: number;
  /** Only this one of the seed's rounds. */
  readonly round?: number;
}

export interface SoakConfig {
  readonly packets: number;
  readonly minutes: number;
  readonly seed: number;
  /** The first round, and the last. */
  readonly first: number;
  readonly last: number;
}

const ENDS = ['packets', 'minutes', 'round'] as const;

const schema = z.strictObject({
  packets: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  minutes: positive('a number of minutes').optional(),
  seed: integer(0, SEED_MAX).optional(),
  round: integer(1, ROUND_MAX).optional(),
});

/** @throws SoftirqOptionError */
export function resolveSoak(options: SoakOptions): SoakConfig {
  const { packets, minutes, seed, round } = parse(options);
  return {
    packets: packets ?? Number.POSITIVE_INFINITY,
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    seed: seed ?? Math.floor(Math.random() * (SEED_MAX + 1)),
    first: round ?? 1,
    last: round ?? ROUND_MAX,
  };
}

/** How long it takes is said once; a round is nothing without its seed. */
function checkTogether(given: z.output<typeof schema>): void {
  const [first, second] = ENDS.filter((name) => given[name] !== undefined);
  if (first === undefined) {
    throw new SoftirqOptionError('packets', undefined, 'or --minutes must say how long it takes');
  }
  if (second !== undefined) {
    throw new SoftirqOptionError(second, given[second], `cannot go with --${first}: use one of them`);
  }
  if (given.round !== undefined && given.seed === undefined) {
    throw new SoftirqOptionError('seed', undefined, 'must say of which seed the round is');
  }
}

function parse(options: SoakOptions): z.output<typeof schema> {
  const result = schema.safeParse(options);
  const given: Readonly<Record<string, unknown>> = { ...options };
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw new SoftirqOptionError(String(path[0]), given[String(path[0])], message);
  }
  checkTogether(result.data);
  return result.data;
}
