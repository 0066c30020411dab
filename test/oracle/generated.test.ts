// Cold. Runs on: main.
// tshark agrees on generated frames with every combination of headers, and with every fault.

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { captureOf } from '../nic/captures.js';
import { NO_TSHARK } from '../tshark.js';
import { compare } from './compare.js';
import { DIFFERENCES } from './differences.js';
import { dissectCapture } from './dissection.js';
import { type Case, faultyCases, otherCases, shortenedCases, truncatedCases, validCases } from './generate.js';
import { judge } from './judge.js';

const SETS: Readonly<Record<string, () => Iterable<Case>>> = {
  'valid, with payloads and padding': validCases,
  'with one fault': faultyCases,
  'cut after each byte': truncatedCases,
  'with headers that say that they are shorter': shortenedCases,
  'ARP, tags, labels, sessions': otherCases,
};

const needed = new Set<string>();

for (const [name, generate] of Object.entries(SETS)) {
  t.test(name, { skip: NO_TSHARK }, async (t) => {
    const cases = [...generate()];
    const frames = cases.map(({ bytes }) => bytes);
    const path = `${t.testdir()}/generated.pcap`;
    writeFileSync(path, captureOf(frames.map((bytes, seconds) => ({ seconds, fraction: 0, bytes }))));
    const names = cases.map(({ name }) => name);
    const { explained, unexplained } = compare(names, frames, judge(frames), dissectCapture(path));
    for (const [difference, count] of explained) {
      needed.add(difference);
      t.comment(`${count} frames: ${difference}`);
    }
    t.same(unexplained, [], `${frames.length} frames`);
  });
}

t.test('each known difference is needed', { skip: NO_TSHARK }, async (t) => {
  t.same([...needed].sort(), DIFFERENCES.map(({ name }) => name).sort());
});
