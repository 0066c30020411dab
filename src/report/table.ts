// Cold. Runs on: main.

import type { Paint } from './paint.js';

const GAP = '  ';

/** Rows under a dim heading, all columns aligned to the right. Takes unpainted cells: marks would count as width. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padStart(widths[column]!)).join(GAP);
  return [paint.dim(line(heading)), ...rows.map(line)];
}

/** Names on the left; numbers aligned to the right; a remark, where there is one, behind them. */
export function list(rows: readonly (readonly [name: string, number: string, remark?: string])[]): string[] {
  const names = Math.max(0, ...rows.map(([name]) => name.length));
  const numbers = Math.max(0, ...rows.map(([, number]) => number.length));
  return rows.map(([name, number, remark = '']) =>
    `${name.padEnd(names)}${GAP}${number.padStart(numbers)}${GAP}${remark}`.trimEnd(),
  );
}
