// Cold. Runs on: main. What each stage costs by itself.

import type { Bursts } from '../src/bursts/bursts.js';
import { BATCH_BYTES, BATCH_ENTRIES, BUFFER_BYTES, OFFER_BYTES, RSS_BYTES, TALLY_BYTES } from '../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../src/bursts/load.js';
import { referenceBursts } from '../src/bursts/reference/reference.js';
import { Arena } from '../src/memory/arena.js';
import { attachMemory, createMemory } from '../src/memory/handle.js';
import { RSS_KEY, writeRssTables } from '../src/net/rss.js';
import { createPktgenFrames, pktgenBytes } from '../src/nic/devices/pktgen.js';
import { BufferPool, bufferPoolBytes, createBufferPool } from '../src/ring/buffer-pool.js';
import { createRxRing, RxRingConsumer, RxRingProducer, rxRingBytes } from '../src/ring/rx-ring.js';
import { check, heading, lapNs, nowNs, small } from './harness.js';

heading(
  'stages: ns per packet of each burst function, 64-byte packets in bursts of 64',
  `
  one thread:  offer ▶ copy ▶ (ring of 512) ▶ take ▶ classify ▶ recycle ▶ refill
  both sides share one cache here; between two cores take also pays for the lines that travel
`,
);

const RING = 512;
const CAPACITY = RING + 5 * BATCH_ENTRIES;
const config = { sizes: [64], flows: 64, ipVersion: 4, seed: 1 } as const;
const ROUNDS = small ? 200 : 40_000;
const REFERENCE_ROUNDS = small ? 20 : 2_000;

const arena = new Arena();
const at = {
  header: arena.reserve('header', 64),
  ring: arena.reserve('ring', rxRingBytes(RING)),
  pool: arena.reserve('pool', bufferPoolBytes(CAPACITY)),
  links: arena.reserve('links', CAPACITY * 4),
  batch: arena.reserve('batch', BATCH_BYTES),
  offers: arena.reserve('offers', OFFER_BYTES * BATCH_ENTRIES),
  copied: arena.reserve('copied', 64),
  rss: arena.reserve('rss', RSS_BYTES),
  tally: arena.reserve('tally', TALLY_BYTES),
  frames: arena.reserve('frames', pktgenBytes(config)),
  buffers: arena.reserve('buffers', CAPACITY * BUFFER_BYTES, 4096),
};
const module = compileBursts();
const handle = createMemory(arena.bytes, module);
const views = attachMemory(handle);
writeRssTables(views, at.rss, RSS_KEY, 1);
const frames = createPktgenFrames(views, at.frames, config);

const STAGES = ['offer', 'copy', 'take', 'classify', 'recycle', 'refill'] as const;

/** Runs the whole path `rounds` times and times each stage. @returns ns per packet by stage */
function measure(bursts: Bursts, rounds: number): number[] {
  createRxRing(views, at.ring, RING);
  createBufferPool(views, at.pool, 0, CAPACITY);
  const producer = new RxRingProducer(views, at.ring);
  const ring = new RxRingConsumer(views, at.ring, 0);
  const pool = new BufferPool(views, at.pool, at.links);
  ring.claim();
  pool.claim();
  const { descriptors, mask } = ring;
  pool.top = bursts.refill(descriptors, mask, ring.posted, RING, pool.stack, pool.top);
  ring.post(RING);
  const spent = STAGES.map(() => 0);
  let before = 0;
  const lap = (stage: number) => {
    const now = nowNs();
    spent[stage]! += now - before;
    before = nowNs();
  };
  for (let round = 0; round < rounds; round += 1) {
    before = nowNs();
    bursts.offer(frames.table, frames.tableLength, 0, BATCH_ENTRIES, at.offers, at.rss);
    lap(0);
    const posted = producer.posted();
    const head = bursts.copy(
      at.offers,
      BATCH_ENTRIES,
      0,
      descriptors,
      mask,
      producer.head,
      posted,
      at.buffers,
      at.copied,
    );
    lap(1);
    producer.publish(head);
    ring.refresh();
    before = nowNs();
    const taken = bursts.take(descriptors, mask, ring.tail, ring.head, BATCH_ENTRIES, at.batch, at.buffers, at.links);
    lap(2);
    ring.tail = (ring.tail + taken) | 0;
    const odd = bursts.classify(at.batch, taken, at.buffers, at.tally);
    lap(3);
    pool.top = bursts.recycle(at.batch, taken, pool.stack, pool.top, at.links);
    lap(4);
    const count = ring.unposted();
    before = nowNs();
    pool.top = bursts.refill(descriptors, mask, ring.posted, count, pool.stack, pool.top);
    lap(5);
    ring.post(count);
    check(taken === BATCH_ENTRIES && odd === 0, `took ${taken}, ${odd} odd`);
  }
  return spent.map((ns) => ns / (rounds * BATCH_ENTRIES));
}

function report(name: string, bursts: Bursts, rounds: number): void {
  measure(bursts, Math.ceil(rounds / 10)); // warm
  const overhead = lapNs() / BATCH_ENTRIES;
  const costs = measure(bursts, rounds).map((ns) => Math.max(0, ns - overhead));
  const cells = STAGES.map((stage, index) => `${stage} ${costs[index]!.toFixed(2)}`);
  const nic = costs[0]! + costs[1]!;
  const cpu = costs.slice(2).reduce((sum, ns) => sum + ns, 0);
  console.log(
    `${name.padEnd(15)} ${cells.join('   ')}   │ NIC ${nic.toFixed(1)} ns, CPU ${cpu.toFixed(1)} ns per packet`,
  );
}

report('AssemblyScript', instantiateBursts(module, handle.memory), ROUNDS);
report('reference', referenceBursts(handle.memory, views), REFERENCE_ROUNDS);
