// Cold. Runs on: main.
// What the fixtures' README says of them is true.

import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { dissect, NO_TSHARK } from '../tshark.js';
import { captureNames, type Fixture, listFixtures } from './fixtures.js';

const BYTES_MAX = 400_000;
const FRAGMENTS_APART = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE'];
/** Protocols of every packet, which say nothing about a file. */
const UNCOUNTED = ['eth', 'ethertype', 'sll', 'raw', 'data'];
/** By the first word in little-endian order. */
const FORMATS: Readonly<Record<number, string>> = {
  2712847316: 'pcap, µs',
  2712812621: 'pcap, ns',
  168627466: 'pcapng',
};
/** tshark's numbers, not those of the files. */
const LINK_TYPES: Readonly<Record<string, string>> = {
  1: 'Ethernet',
  7: 'raw IP',
  25: 'Linux cooked v1',
  210: 'Linux cooked v2',
};

const fixtures = listFixtures();

function formatOf({ path }: Fixture): string {
  const bytes = readFileSync(path);
  const isGzip = bytes.readUInt16BE(0) === 0x1f8b;
  const format = FORMATS[(isGzip ? gunzipSync(bytes) : bytes).readUInt32LE(0)] ?? 'unknown';
  return isGzip ? `${format}, gzip` : format;
}

function countProtocols(packets: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const protocol of packets.flatMap((names) => [...new Set(names)])) {
    if (!UNCOUNTED.includes(protocol)) counts.set(protocol, (counts.get(protocol) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

t.test('each capture is in the table, and they are small', async (t) => {
  t.same(fixtures.map(({ name }) => name).sort(), captureNames().sort());
  const bytes = fixtures.reduce((sum, { path }) => sum + statSync(path).size, 0);
  t.ok(bytes <= BYTES_MAX, `${bytes} bytes, at most ${BYTES_MAX}`);
  for (const fixture of fixtures) t.equal(formatOf(fixture), fixture.format, fixture.name);
});

t.test('tshark counts what the table says, and finds nothing malformed', { skip: NO_TSHARK }, async (t) => {
  const fields = ['frame.encap_type', 'frame.cap_len', 'frame.protocols', '_ws.malformed'];
  for (const { name, path, linkTypes, packets, bytes, holds } of fixtures) {
    const rows = dissect(path, fields, FRAGMENTS_APART);
    t.equal(rows.length, packets, `${name}: packets`);
    t.same([...new Set(rows.map(([type]) => LINK_TYPES[type!]))], linkTypes, `${name}: link types`);
    t.equal(
      rows.reduce((sum, [, length]) => sum + Number(length), 0),
      bytes,
      `${name}: bytes`,
    );
    t.same(countProtocols(rows.map(([, , names]) => names!.split(':'))), holds, `${name}: protocols`);
    t.ok(
      rows.every(([, , , malformed]) => malformed === ''),
      `${name}: well-formed`,
    );
  }
});
