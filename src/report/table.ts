// Cold. Runs on: main.

import type { Paint } from './paint.js';

const GAP = '  ';

/**
 * Rows under a dim heading, all columns aligned to the right. A long title breaks into two lines at its last `_`, as
 * the kernel's names can be longer than their numbers. Takes unpainted cells: marks would count as width.
 */
export function table(titles: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const heading = [titles.map((title) => broken(title)[0]), titles.map((title) => broken(title)[1])];
  const filled = heading.filter((line) => line.some((part) => part !== ''));
  const widths = titles.map((_, column) => Math.max(...[...heading, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padStart(widths[column]!))
      .join(GAP)
      .trimEnd();
  return [...filled.map((cells) => paint.dim(line(cells))), ...rows.map(line)];
}

const TITLE = 10;

function broken(title: string): readonly [above: string, below: string] {
  const at = title.length > TITLE ? title.lastIndexOf('_') + 1 : 0;
  return [title.slice(0, at), title.slice(at)];
}

/** Names on the left; numbers aligned to the right; a remark, where there is one, behind them. */
export function list(rows: readonly (readonly [name: string, number: string, remark?: string])[]): string[] {
  const names = Math.max(0, ...rows.map(([name]) => name.length));
  const numbers = Math.max(0, ...rows.map(([, number]) => number.length));
  return rows.map(([name, number, remark = '']) =>
    `${name.padEnd(names)}${GAP}${number.padStart(numbers)}${GAP}${remark}`.trimEnd(),
  );
}
