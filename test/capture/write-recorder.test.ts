// Cold. Runs on: main.
// What the recorders write is what they were told, byte for byte and ns for ns: by a strict reader, and by tshark.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { capinfos, NO_TSHARK, sharkPackets } from '../tshark.js';
import { Desk, INTERFACES } from './desk.js';
import { type ReadPacket, readPcapng } from './read-pcapng.js';

type Step = keyof Desk['steps'];

const kinds = ['burst', 'burst', 'burst', 'backlogFull', 'missed', 'lengthError', 'flush'] as const;
const steps = fc.array(fc.constantFrom<Step>(...kinds), { minLength: 5, maxLength: 30 });
const seed = fc.noShrink(fc.nat());

/** Each packet as a line, so that a difference can be read. */
function linesOf(packets: readonly (Omit<ReadPacket, 'interface'> & { readonly interface: unknown })[]): string[] {
  return packets.map(({ interface: id, time, bytes, original, comment }) =>
    [id, time, original, comment, bytes.toString('hex')].join(' '),
  );
}

const folder = t.testdir();

function play(seed: number, steps: readonly Step[], shared: boolean): { desk: Desk; paths: string[] } {
  const desk = new Desk(folder, seed, shared);
  for (const step of steps) desk.steps[step]();
  return { desk, paths: desk.finish() };
}

t.test('a strict reader finds what was recorded', async (t) => {
  let packets = 0;
  const property = fc.property(seed, steps, fc.boolean(), (seed, steps, shared) => {
    const { desk, paths } = play(seed, steps, shared);
    [desk.delivered, desk.dropped].slice(0, paths.length).forEach((expected, i) => {
      const found = readPcapng(readFileSync(paths[i]!)).packets;
      if (linesOf(found).join('\n') !== linesOf(expected).join('\n'))
        throw new Error(`${paths[i]} is not as it should be`);
      packets += found.length;
    });
  });
  fc.assert(property, { numRuns: 40 });
  t.ok(packets > 2000, `${packets} packets`);
});

t.test('tshark finds the same, and has nothing to complain of', { skip: NO_TSHARK }, async (t) => {
  for (const seed of [1, 2]) {
    const steps = Array.from({ length: 14 }, (_, i) => kinds[i % kinds.length]!);
    const { desk, paths } = play(seed, steps, seed === 1);
    [desk.delivered, desk.dropped].slice(0, paths.length).forEach((expected, i) => {
      t.match(capinfos(paths[i]!), new RegExp(`Number of packets: +${expected.length}\\n`));
      const named = expected.map((packet) => ({ ...packet, interface: INTERFACES[packet.interface] }));
      t.same(linesOf(sharkPackets(paths[i]!)), linesOf(named), `${expected.length} packets`);
    });
  }
});
