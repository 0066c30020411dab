// Cold. Runs on: main.
// Draws a round from the seed and the round's number alone, so that any one can be repeated. Each setting has a deck of cards, its
// choices, that is shuffled anew when it has been dealt: no choice stays away for longer than two decks.

import type { HostOptions } from '../coordinator/options.js';
import { Random } from '../runtime/random.js';
import { type Choice, magnitude, PLAIN_COURSE, type Round, type Setting } from './setting.js';
import { SETTINGS } from './settings.js';

export interface DrawnRound extends Round {
  readonly number: number;
  /** What was drawn: names of a setting and its choice. */
  readonly choices: readonly (readonly [setting: string, choice: string])[];
  /** Decides over the operations. */
  readonly random: Random;
}

// A seed, a salt and a number share the 53 bits that a generator takes.
export const SEED_MAX = 2 ** 27 - 1;
export const ROUND_MAX = 2 ** 20 - 1;
const SALTS = 64;
if (SETTINGS.length >= SALTS) throw new Error('stress: more settings than salts');

const PACKETS_MIN = 1000;
const PACKETS_MAX = 3_000_000;
/** Rounds that do not grow, and after how many more each they grow by one. */
const SHORT_ROUNDS = 50;
const GROWTH_ROUNDS = 4;
const GROWTH_MAX = 20;
const TRAFFIC_MS_MAX = 30_000;
/** A CPU that locks up takes a second to be found. */
const HANGING_MS_MIN = 1500;
/** Longer than any that the harness stops: a machine that ends while a CPU is locked up would not wait for it. */
const HANGING_SECONDS_MAX = 120;
const FAST_SIZE_MAX = 1518;
const FAST_WORK_NS = 300;
const FAST_WEIGHT = 8;
const FAST_CPUS = 2;
const RECORDED_PACKETS_MAX = 200_000;

/** @param n 0 … ROUND_MAX */
function generator(seed: number, salt: number, n: number): Random {
  return new Random((seed * SALTS + salt) * (ROUND_MAX + 1) + n);
}

/** @param seed 0 … SEED_MAX @param number 1 … ROUND_MAX */
export function drawRound(seed: number, number: number): DrawnRound {
  const random = generator(seed, 0, number);
  const round: Round = {
    options: { device: 'pktgen', seed: random.word() >>> 0 },
    course: { ...PLAIN_COURSE },
  };
  const choices: (readonly [string, string])[] = [];
  SETTINGS.forEach((setting, index) => {
    const choice = cardOf(setting, seed, index + 1, number - 1);
    if (choice.draw(round, random)) choices.push([setting.name, choice.name]);
  });
  setEnd(round, random, growth(number, round.options));
  return { ...round, number, choices, random };
}

function cardOf({ choices }: Setting, seed: number, salt: number, dealt: number): Choice {
  const deck = choices.flatMap((choice) => Array.from({ length: choice.times ?? 1 }, () => choice));
  shuffle(deck, generator(seed, salt, Math.floor(dealt / deck.length)));
  return deck[dealt % deck.length]!;
}

function shuffle<T>(cards: T[], random: Random): void {
  for (let i = cards.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    [cards[i], cards[j]] = [cards[j]!, cards[i]!];
  }
}

/** The first rounds are short, so that everything is soon visited; later ones carry more packets, if theirs come fast. */
function growth(number: number, options: HostOptions): number {
  const grown = Math.ceil(Math.max(0, number - SHORT_ROUNDS) / GROWTH_ROUNDS);
  return isFast(options) ? Math.min(GROWTH_MAX, 1 + grown) : 1;
}

/** Where a second brings millions of packets; the others need no longer time to go through all that they can. */
function isFast({ mode, rate, size, work = 0, weight = 0, cpus = 1, checkBuffers }: HostOptions): boolean {
  const small =
    size === 'imix' ||
    String(size)
      .split(',')
      .every((one) => Number(one) <= FAST_SIZE_MAX);
  const light = work <= FAST_WORK_NS && weight >= FAST_WEIGHT && checkBuffers !== true;
  return mode === 'napi' && rate === 'max' && small && light && cpus <= FAST_CPUS;
}

/** Where the harness stops it, the duration is only a limit. A capture file has its limit too. */
function setEnd({ options, course }: Round, random: Random, times: number): void {
  const stopped = course.ends.startsWith('stop');
  const leastMs = course.hangs === null ? 0 : HANGING_MS_MIN;
  course.trafficMs = Math.min(Math.max(course.trafficMs * times, leastMs), TRAFFIC_MS_MAX);
  options.duration = course.hangs === null ? (course.trafficMs * (stopped ? 10 : 1)) / 1000 : HANGING_SECONDS_MAX;
  if (course.ends === 'packets') options.packets = magnitude(random, PACKETS_MIN, PACKETS_MAX * times);
  if (course.records !== 'nothing') {
    options.packets = Math.min(options.packets ?? Number.POSITIVE_INFINITY, RECORDED_PACKETS_MAX);
  }
}
