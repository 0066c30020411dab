// Cold. Runs on: main.
// A setting of a round, and how its classes of values are written down in the tables.

import type { HostOptions } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';
import type { RoundCapture } from './capture-file.js';

/** What the harness does around a machine. */
export interface Course {
  /** How the traffic ends. `stop in a move`: while a line is on its way to another CPU. */
  ends: 'packets' | 'duration' | 'stop' | 'stop in a move';
  /** Of traffic; where `packets` ends it, at most. */
  trafficMs: number;
  /** Between two operations, on average; Infinity = there are none. */
  paceMs: number;
  /** What goes into capture files, which are thrown away afterwards. */
  records: 'nothing' | 'delivered' | 'dropped' | 'both';
  /** Where CPUs are made to lock up; null: none is. */
  hangs: 'in the sink' | 'in a task' | null;
  /** The device; null: pktgen is. */
  capture: RoundCapture | null;
}

/** Where nothing was drawn. */
export const PLAIN_COURSE: Course = {
  ends: 'duration',
  trafficMs: 0,
  paceMs: Number.POSITIVE_INFINITY,
  records: 'nothing',
  hangs: null,
  capture: null,
};

export interface Round {
  readonly options: HostOptions;
  readonly course: Course;
}

/** A class of values of one setting. */
export interface Choice {
  readonly name: string;
  /** How many of the cards of its setting's deck it has. Default 1. */
  readonly times?: number;
  /** Sets one value of it. @returns false where it cannot go with what was drawn before: then it counts as not drawn */
  draw(round: Round, random: Random): boolean;
}

export interface Setting {
  readonly name: string;
  readonly choices: readonly Choice[];
}

/** A whole number in min … max. */
export function between(random: Random, min: number, max: number): number {
  return min + random.below(max - min + 1);
}

/** The same, each order of magnitude alike. */
export function magnitude(random: Random, min: number, max: number): number {
  return Math.round(min * (max / min) ** random.next());
}

export type Draw = (random: Random, options: HostOptions) => Partial<HostOptions> | null;

/** A choice among options; null: it cannot be had. */
export function option(name: string, draw: Draw, times = 1): Choice {
  return {
    name,
    times,
    draw: ({ options }, random) => {
      const drawn = draw(random, options);
      if (drawn !== null) Object.assign(options, drawn);
      return drawn !== null;
    },
  };
}

/** The same, unless one drawn before has said it. */
export function unlessSaid(name: keyof HostOptions, draw: Draw): Draw {
  return (random, options) => (options[name] === undefined ? draw(random, options) : null);
}

/** The same of what the harness does. */
export function course(
  name: string,
  draw: (random: Random, round: Round) => Partial<Course> | null,
  times = 1,
): Choice {
  return {
    name,
    times,
    draw: (round, random) => {
      const drawn = draw(random, round);
      if (drawn !== null) Object.assign(round.course, drawn);
      return drawn !== null;
    },
  };
}

export const only = (value: Partial<HostOptions>) => () => value;
export const isNapi = (options: HostOptions) => options.mode === 'napi';

/** Lines can move. */
export function movable({ mode, cpus = 1 }: HostOptions): boolean {
  return mode === 'napi' && cpus > 1;
}
