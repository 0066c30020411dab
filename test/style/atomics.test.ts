// Cold. Runs on: main.
// Where Atomics may be used, and how.

import t from 'tap';
import ts from 'typescript';
import { allSources, placeOf, type Source, walk } from './sources.js';

const FOLDERS = ['memory', 'runtime', 'ring', 'irq', 'softirq', 'napi', 'net'];
/** Files elsewhere that need them. */
const FILES: Record<string, string> = {
  'src/nic/nic.ts': 'ENDED: main and the NIC; the words of a NIC are of one struct, so of one file',
  'src/stress/hang-words.ts': 'main asks a CPU to hang, and withdraws it: one of the two is first',
};
const DOORBELL = 'src/memory/doorbell.ts';
/** Where Atomics is not simply called. */
const REFERENCES: Record<string, string> = {
  'src/memory/pause.ts': 'Atomics.pause is not in every Node',
};

interface Use {
  readonly source: Source;
  readonly place: string;
  /** `store`; '' when it is not a call of one of its functions. */
  readonly called: string;
}

function usesOf(source: Source): Use[] {
  const uses: Use[] = [];
  walk(source.tree, (node) => {
    if (!ts.isIdentifier(node) || node.text !== 'Atomics') return;
    const access = node.parent;
    const call = ts.isPropertyAccessExpression(access) && ts.isCallExpression(access.parent);
    const called = call && access.parent.expression === access ? access.name.text : '';
    uses.push({ source, place: placeOf(source, node), called });
  });
  return uses;
}

/** The explorer replaces the global Atomics, and itself runs by the real ones. */
const EXPLORER = 'explore';

const uses = allSources()
  .filter(({ folder }) => folder !== EXPLORER)
  .flatMap(usesOf);

t.test('only where threads agree on something', async (t) => {
  const elsewhere = uses.filter(({ source }) => !FOLDERS.includes(source.folder));
  t.same(
    elsewhere.filter(({ source }) => FILES[source.path] === undefined).map(({ place }) => place),
    [],
  );
  t.same([...new Set(elsewhere.map(({ source }) => source.path))], Object.keys(FILES), 'each exception is needed');
});

t.test('one file sleeps and wakes', async (t) => {
  const sleepers = uses.filter(({ called }) => ['wait', 'waitAsync', 'notify'].includes(called));
  t.same([...new Set(sleepers.map(({ source }) => source.path))], [DOORBELL]);
});

t.test('nothing keeps a reference to its functions: the explorer replaces them', async (t) => {
  const kept = uses.filter(({ called }) => called === '');
  t.same(
    kept.filter(({ source }) => REFERENCES[source.path] === undefined).map(({ place }) => place),
    [],
  );
  t.same([...new Set(kept.map(({ source }) => source.path))], Object.keys(REFERENCES), 'each exception is needed');
});
