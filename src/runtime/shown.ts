// Cold. Runs on: every thread.
// What console.log and util.inspect print of an object of the public API: what its user asks for, not what it is made of.

import { type InspectOptionsStylized, inspect } from 'node:util';

/** The key of the method that Node asks. */
export const INSPECT = inspect.custom;

/**
 * What it returns.
 * @param fields objects among them are shown by their own methods
 * @param depth how many levels may still be shown; null: all
 */
export function shown(name: string, fields: object, depth: number | null, options: InspectOptionsStylized): string {
  if (depth !== null && depth < 0) return options.stylize(`[${name}]`, 'special');
  return `${name} ${inspect(fields, { ...options, depth })}`;
}
