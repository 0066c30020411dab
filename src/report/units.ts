// Cold. Runs on: main.
// Numbers for people: three digits and a prefix where the size matters, all digits where the count matters.

const PREFIXES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;
/** Three digits of 999.5 and more are 1000, and belong to the next prefix. */
const ROUNDS_UP = 0.9995;

/** All digits, in groups of three: `186,123,456`. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Three digits and a unit with its prefix: `37.2 Mpps`, `840 pps`, `0 pps`. */
export function rate(value: number, unit: string): string {
  const [factor, prefix] = PREFIXES.find(([factor]) => value >= factor * ROUNDS_UP) ?? [1, ''];
  return `${factor === 1 ? digits(value) : threeDigits(value / factor)} ${prefix}${unit}`;
}

/** A count in three digits: `12.3 M`, and below a thousand as it is. */
export function short(value: number): string {
  return rate(value, '').trimEnd();
}

/** Up to three digits, without a fraction where there is none: `64`, `63.9`, `0.98`, `6.4e-8`. */
export function digits(value: number): string {
  if (Number.isInteger(value) && value < 1000) return String(value);
  if (value < 1e-4) return value.toExponential(1);
  return value < 1 ? String(Number(value.toPrecision(2))) : threeDigits(value);
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** `12.3 %`; what is not quite all or nothing does not read as if it were. Empty for a part of nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '';
  if (part === 0 || part === whole) return part === 0 ? '0 %' : '100 %';
  const value = (100 * part) / whole;
  if (value < 0.05) return '<0.1 %';
  return value > 99.95 ? '>99.9 %' : `${value.toFixed(1)} %`;
}

/** How often per packet, the way round that gives a number to grasp: `0.98 per packet`, `1 per 15.5 M packets`. */
export function perPacket(ratio: number): string {
  if (ratio === 0) return 'none';
  return ratio >= 0.01 ? `${digits(ratio)} per packet` : `1 per ${short(1 / ratio)} packets`;
}

/** `5.00 s`, `312 s`, `1.27 ms`. */
export function seconds(value: number): string {
  return value > 0 && value < 0.1 ? `${threeDigits(1000 * value)} ms` : `${value.toFixed(value < 100 ? 2 : 0)} s`;
}

/** `value / over`, and 0 where there is nothing to divide by. */
export function per(value: number, over: number): number {
  return over > 0 ? value / over : 0;
}

/** `17.9 Gbit/s`. */
export function bitRate(bytes: number, overSeconds: number): string {
  return rate(per(8 * bytes, overSeconds), 'bit/s');
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `1 CPU`, `2 CPUs`; `1 switch`, `2 switches`. */
export function plural(n: number, noun: string, ending = 's'): string {
  return `${count(n)} ${noun}${n === 1 ? '' : ending}`;
}
