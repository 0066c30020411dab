// Cold. Runs on: main.
// Our judgements against tshark's, field by field.

import { DIFFERENCES, type Found } from './differences.js';
import { type Dissection, JUDGED, type Judgement } from './judgement.js';

export interface Comparison {
  readonly frames: number;
  /** How many frames each difference of the table explained. */
  readonly explained: ReadonlyMap<string, number>;
  /** What nothing explains: per kind, how many, and the first. */
  readonly unexplained: readonly string[];
}

/** @param names say of each frame what it is */
export function compare(
  names: readonly string[],
  frames: readonly Uint8Array[],
  ours: readonly Judgement[],
  theirs: readonly Dissection[],
): Comparison {
  if (ours.length !== theirs.length) throw new Error(`ours=${ours.length} theirs=${theirs.length}: not as many frames`);
  const explained = new Map<string, number>();
  const unexplained = new Map<string, { count: number; first: string }>();
  ours.forEach((judgement, i) => {
    const found: Found = { frame: frames[i]!, ours: judgement, theirs: theirs[i]! };
    if (differingFields(found).length === 0) return;
    const applied = explain(found);
    const fields = differingFields(applied.found);
    if (fields.length > 0) note(unexplained, applied.found, fields, names[i]!);
    else for (const name of applied.names) explained.set(name, (explained.get(name) ?? 0) + 1);
  });
  const lines = [...unexplained].map(([kind, { count, first }]) => `${count} × ${kind}; first: ${first}`);
  return { frames: ours.length, explained, unexplained: lines };
}

/** What tshark would say, did it share our rules; and which of them it took. */
function explain(found: Found): { found: Found; names: string[] } {
  const names: string[] = [];
  let { theirs } = found;
  for (const { name, adapt } of DIFFERENCES) {
    const adapted = adapt({ ...found, theirs });
    if (adapted === null) continue;
    theirs = { ...theirs, ...adapted };
    names.push(name);
  }
  return { found: { ...found, theirs }, names };
}

function differingFields({ ours, theirs }: Found): (keyof Judgement)[] {
  return JUDGED.filter((field) => !agrees(field, ours, theirs));
}

/** Of a malformed frame we say how far we came; tshark goes on. */
function agrees(field: keyof Judgement, ours: Judgement, theirs: Judgement): boolean {
  if (field === 'length' || field === 'reason' || ours.reason === '')
    return String(ours[field]) === String(theirs[field]);
  if (field === 'protocols') return ours.protocols.every((name) => theirs.protocols.includes(name));
  return true;
}

function note(
  unexplained: Map<string, { count: number; first: string }>,
  { frame, ours, theirs }: Found,
  fields: readonly (keyof Judgement)[],
  name: string,
): void {
  const kind = fields.map((field) => `${field}: ours "${ours[field]}", tshark's "${theirs[field]}"`).join(' · ');
  const seen = unexplained.get(kind);
  if (seen !== undefined) seen.count++;
  else unexplained.set(kind, { count: 1, first: `${name} (${Buffer.from(frame).toString('hex')})` });
}
