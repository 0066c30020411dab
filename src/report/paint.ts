// Cold. Runs on: main.

/** Marks up text for a terminal, or leaves it as it is. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const mark = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;
const same = (text: string) => text;

export const COLOURS: Paint = { bold: mark(1, 22), dim: mark(2, 22), good: mark(32, 39), bad: mark(31, 39) };
export const PLAIN: Paint = { bold: same, dim: same, good: same, bad: same };
