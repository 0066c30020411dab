// Cold. Runs on: main.
// What may be asked of a machine. All else is refused in one line, before it does anything.

import { SOFTIRQ_VECTORS } from '../memory/counters.js';

/** @throws RangeError when `value` is no integer from `min` to `max` */
export function assertWhole(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw wrong(name, value, `an integer ${max === Number.MAX_SAFE_INTEGER ? `≥ ${min}` : `from ${min} to ${max}`}`);
}

/** @throws RangeError when `value` is no time that passes */
export function assertTime(name: string, value: unknown): void {
  if (!(Number.isFinite(value) && (value as number) >= 0)) throw wrong(name, value, 'a number ≥ 0');
}

/** @throws RangeError when `value` is none of `choices` */
export function assertOneOf(name: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value)) throw wrong(name, value, choices.join(', '));
}

/** The number of a softirq vector. @throws RangeError when there is none of this name */
export function vectorOf(name: (typeof SOFTIRQ_VECTORS)[number]): number {
  assertOneOf('vector', name, SOFTIRQ_VECTORS);
  return SOFTIRQ_VECTORS.indexOf(name);
}

function wrong(name: string, value: unknown, right: string): RangeError {
  return new RangeError(`simulate: ${name}=${value}: must be ${right}`);
}
