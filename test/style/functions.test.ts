// Cold. Runs on: main.
// How long functions are: a ratchet. Whoever makes one of the longest shorter must lower its number, or take it away.

import t from 'tap';
import ts from 'typescript';
import { allSources, placeOf, type Source, walk } from './sources.js';

/** The longest functions, and how long they may be; what stands first is the maximum. */
const LONGEST: Record<string, number> = {
  takeSnapshot: 43, // a document, in the order of its fields
  copy: 34, //         the reference, with its nine parameters
};
/** All the others. */
const LINES_MAX = 30;
const SHOWN = 5;

interface Length {
  readonly lines: number;
  readonly name: string;
  readonly place: string;
}

function lengthsOf(source: Source): Length[] {
  const lengths: Length[] = [];
  walk(source.tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const lineAt = (position: number) => source.tree.getLineAndCharacterOfPosition(position).line;
    const lines = lineAt(node.getEnd()) - lineAt(node.getStart()) + 1;
    lengths.push({ lines, name: nameOf(node), place: placeOf(source, node) });
  });
  return lengths;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return `${node.parent.name?.text ?? 'class'}.constructor`;
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : 'a function without a name';
}

t.test('no function is longer than the longest was', async (t) => {
  const lengths = allSources()
    .flatMap(lengthsOf)
    .sort((a, b) => b.lines - a.lines);
  for (const { lines, name, place } of lengths.slice(0, SHOWN)) t.comment(`${lines} lines: ${name}, ${place}`);
  const mostOf = (name: string) => LONGEST[name] ?? LINES_MAX;
  const tooLong = lengths.filter(({ lines, name }) => lines > mostOf(name));
  t.same(
    tooLong.map(({ lines, name, place }) => `${lines} lines, not ${mostOf(name)}: ${name}, ${place}`),
    [],
  );
  for (const [name, most] of Object.entries(LONGEST)) {
    const now = Math.max(0, ...lengths.filter((length) => length.name === name).map(({ lines }) => lines));
    t.ok(now > LINES_MAX, `${name}: it needs a number of its own`);
    t.equal(most, now, `${name}: the number is how long it is`);
  }
});
