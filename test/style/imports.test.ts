// Cold. Runs on: main.
// Who may import whom: the layers of ARCHITECTURE.md, and the hourglass.

import t from 'tap';
import { allSources, type Source } from './sources.js';

/** A file imports from its own folder and from lower numbers. */
const LAYERS: Record<string, number> = {
  memory: 0,
  runtime: 1,
  ring: 2,
  irq: 2,
  bursts: 2,
  explore: 2,
  softirq: 3,
  capture: 3,
  napi: 4,
  net: 5,
  nic: 6,
  driver: 6,
  cpu: 7,
  coordinator: 8,
  simulate: 9,
  observe: 9,
  report: 9,
  stress: 9,
  cli: 10,
  '': 11, // src/index.ts, src/sync.ts, src/testing.ts
};

/** Imports between folders of one layer that are meant. */
const ALLOWED: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  {
    from: 'ring',
    to: 'src/bursts/layout.ts',
    why: 'what burst functions and the rings around them both know of memory',
  },
];

const DEVICE_SIDE = ['nic'];
const DRIVER_SIDE = ['softirq', 'napi', 'driver', 'cpu'];
/** What text is made from. */
const PURE_IMPORTS = ['src/coordinator/snapshot-types.ts'];

/** Runs at build time. */
const COMPILER = 'src/bursts/compile.ts';

const sources = allSources();
const byPath = new Map(sources.map((source) => [source.path, source]));

interface Edge {
  readonly from: Source;
  readonly to: Source;
}

const edges: readonly Edge[] = sources.flatMap((from) =>
  from.imports.filter((path) => byPath.has(path)).map((path) => ({ from, to: byPath.get(path)! })),
);

function layerOf({ folder }: Source): number {
  return LAYERS[folder] ?? Number.NaN;
}

function show({ from, to }: Edge): string {
  return `${from.path} → ${to.path}`;
}

t.test('every folder has its layer, every relative import its file', async (t) => {
  const folders = new Set(sources.map(({ folder }) => folder).filter((folder) => folder !== 'workers'));
  t.same(
    [...folders].filter((folder) => LAYERS[folder] === undefined),
    [],
  );
  const missing = sources.flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(src|workers|test)\//.test(name) && !byPath.has(name))
      .map((name) => `${path} → ${name}`),
  );
  t.same(missing, []);
});

t.test('own folder and lower layers only', async (t) => {
  const upwards = edges.filter(
    ({ from, to }) => from.folder !== 'workers' && from.folder !== to.folder && layerOf(to) >= layerOf(from),
  );
  const used = new Set<string>();
  const wrong = upwards.filter((edge) => {
    const exception = ALLOWED.find(({ from, to }) => edge.from.folder === from && edge.to.path === to);
    if (exception !== undefined) used.add(exception.to);
    return exception === undefined;
  });
  t.same(wrong.map(show), []);
  t.equal(used.size, ALLOWED.length, 'each exception is needed');
});

/** Every file that `start` reaches by imports, and through which. */
function reachable(start: Source): Source[] {
  const seen = new Set<Source>([start]);
  for (const source of seen) for (const { from, to } of edges) if (from === source) seen.add(to);
  return [...seen];
}

function crossings(from: readonly string[], to: readonly string[]): string[] {
  const starts = sources.filter(({ folder }) => from.includes(folder));
  return starts.flatMap((start) =>
    reachable(start)
      .filter(({ folder }) => to.includes(folder))
      .map((end) => `${start.path} → … → ${end.path}`),
  );
}

t.test('the hourglass: device and driver side meet only in ring/ and irq/, not over others either', async (t) => {
  t.same(crossings(DEVICE_SIDE, DRIVER_SIDE), []);
  t.same(crossings(DRIVER_SIDE, DEVICE_SIDE), []);
});

t.test('a worker file knows the coordinator’s tasks, and nothing else', async (t) => {
  const workers = sources.filter(({ folder }) => folder === 'workers');
  t.ok(workers.length >= 2);
  for (const { path, imports } of workers) {
    t.same(
      imports.filter((name) => !name.startsWith('src/coordinator/')),
      [],
      path,
    );
  }
});

t.test('report/ and observe/ are pure: a snapshot in, text out', async (t) => {
  const pure = sources.filter(({ folder }) => folder === 'report' || folder === 'observe');
  for (const { path, folder, imports, text } of pure) {
    const foreign = imports.filter((name) => !name.startsWith(`src/${folder}/`) && !PURE_IMPORTS.includes(name));
    t.same(foreign, [], path);
    t.notMatch(text, /\b(process|console|globalThis|performance)\.|\bDate\.now\(/, path);
  }
});

t.test('no third-party package on the packet path', async (t) => {
  const below = sources.filter((source) => layerOf(source) < LAYERS.coordinator! && source.path !== COMPILER);
  const foreign = below.flatMap(({ path, imports }) =>
    imports.filter((name) => !name.startsWith('src/') && !name.startsWith('node:')).map((name) => `${path} → ${name}`),
  );
  t.same(foreign, []);
});
