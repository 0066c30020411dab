// Cold. Runs on: main.
// What somebody may have meant who misspelt a name.

/** The end of a message that says what would be right: `; did you mean spin?`, or nothing. */
export function didYouMean(given: unknown, names: readonly string[]): string {
  const meant = typeof given === 'string' ? nearestName(given, names) : null;
  return meant === null ? '' : `; did you mean ${meant}?`;
}

/** @returns the name that is fewest letters away, if these are at most a third of the word's; else null */
function nearestName(word: string, names: readonly string[]): string | null {
  const lower = word.toLowerCase();
  let nearest: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(lower, name.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

/** Letters to insert, remove or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
