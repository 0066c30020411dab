// Cold. Runs on: main.
// tshark agrees on the recordings: what our reader gets out of them, and what the classifier says of it.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { readAll } from '../capture/read-all.js';
import { NO_TSHARK } from '../tshark.js';
import { compare } from './compare.js';
import { dissectCapture } from './dissection.js';
import { type Fixture, listFixtures } from './fixtures.js';
import { judge } from './judge.js';
import type { Dissection } from './judgement.js';

const ETHERNET_BYTES = 14;
/** Bytes of the link header that our reader replaces by Ethernet's. */
const LINK_BYTES: Readonly<Record<string, number>> = {
  Ethernet: ETHERNET_BYTES,
  'raw IP': 0,
  'Linux cooked v1': 16,
  'Linux cooked v2': 20,
};
const LINK_HEADERS: Readonly<Record<string, readonly string[]>> = {
  eth: ['Ethernet'],
  raw: ['raw IP'],
  sll: ['Linux cooked v1', 'Linux cooked v2'],
};

/** With the length that the frame has once it is Ethernet. */
function asEthernet({ linkTypes }: Fixture, dissection: Dissection): Dissection {
  const link = LINK_HEADERS[dissection.headers[0]!]!.find((name) => linkTypes.includes(name))!;
  return { ...dissection, length: dissection.length - LINK_BYTES[link]! + ETHERNET_BYTES };
}

for (const fixture of listFixtures()) {
  t.test(fixture.name, { skip: NO_TSHARK }, async (t) => {
    const theirs = dissectCapture(fixture.path).map((dissection) => asEthernet(fixture, dissection));
    for (const bursts of ['wasm', 'reference'] as const) {
      const { frames, firstNs, fault } = readAll(readFileSync(fixture.path), { bursts });
      t.equal(fault, null);
      t.equal(frames.length, fixture.packets, 'frames');
      t.same(
        frames.map(({ timeNs }) => firstNs! + BigInt(timeNs)),
        theirs.map(({ timeNs }) => timeNs),
        'times',
      );
      const bytes = frames.map(({ bytes }) => bytes);
      const names = bytes.map((_, i) => `packet ${i + 1}`);
      const { explained, unexplained } = compare(names, bytes, judge(bytes), theirs);
      t.same([...explained], []);
      t.same(unexplained, []);
    }
  });
}
