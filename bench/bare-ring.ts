// Cold. Runs on: main and two workers. The floor under bench/receive.ts: what two threads and a ring cost by themselves.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BUFFER_BYTES,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_LENGTH,
  OFFER_QUEUE,
} from '../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../src/bursts/load.js';
import { Arena } from '../src/memory/arena.js';
import { attachMemory, createMemory, type Handle } from '../src/memory/handle.js';
import { createRxRing, RxRingConsumer, RxRingProducer, rxRingBytes } from '../src/ring/rx-ring.js';
import { check, heading, mpps, small } from './harness.js';

const DRAWING = `
  worker ── copy 60 bytes, write a descriptor ──▶ ring of 512 ──▶ worker ── take: read the descriptor, touch the frame
  no hash, no pool, no protocol, no interrupt: every slot keeps its buffer
`;
const RING = 512;
const FRAME_BYTES = 60;
const PACKETS = small ? 1e6 : 6e7;
const RUNS = small ? 1 : 5;

const arena = new Arena();
const at = {
  header: arena.reserve('header', 64),
  ring: arena.reserve('ring', rxRingBytes(RING)),
  offers: arena.reserve('offers', OFFER_BYTES * BATCH_ENTRIES),
  copied: arena.reserve('copied', 64),
  frame: arena.reserve('frame', 128),
  batch: arena.reserve('batch', BATCH_BYTES),
  links: arena.reserve('links', RING * 4),
  buffers: arena.reserve('buffers', RING * BUFFER_BYTES, 4096),
};

type Role = 'produce' | 'consume';

/** A worker does not see the command line. */
interface Given {
  readonly handle: Handle;
  readonly role: Role;
  readonly packets: number;
}

function produce({ handle, packets }: Given): void {
  const views = attachMemory(handle);
  const bursts = instantiateBursts(handle.module, handle.memory);
  const ring = new RxRingProducer(views, at.ring);
  for (let sent = 0; sent < packets; ) {
    const posted = ring.posted();
    const room = Math.min((posted - ring.head) | 0, BATCH_ENTRIES, packets - sent);
    if (room === 0) continue;
    for (let index = 0; index < room; index += 1) {
      const offer = (at.offers + index * OFFER_BYTES) / 4;
      views.words[offer + OFFER_ADDRESS / 4] = at.frame;
      views.words[offer + OFFER_LENGTH / 4] = FRAME_BYTES;
      views.words[offer + OFFER_QUEUE / 4] = 0;
    }
    const { descriptors, mask, head } = ring;
    ring.publish(bursts.copy(at.offers, room, 0, descriptors, mask, head, posted, at.buffers, at.copied));
    sent += room;
  }
}

function consume({ handle, packets }: Given): number {
  const views = attachMemory(handle);
  const bursts = instantiateBursts(handle.module, handle.memory);
  const ring = new RxRingConsumer(views, at.ring, at.header);
  ring.claim();
  ring.post(RING);
  const { descriptors, mask } = ring;
  let received = 0;
  let start = 0;
  while (received < packets) {
    if (ring.refresh() === 0) continue;
    if (start === 0) start = performance.now();
    const taken = bursts.take(descriptors, mask, ring.tail, ring.head, BATCH_ENTRIES, at.batch, at.buffers, at.links);
    ring.tail = (ring.tail + taken) | 0;
    ring.post(taken);
    received += taken;
  }
  return received / ((performance.now() - start) / 1000);
}

async function run(): Promise<number> {
  const handle = createMemory(arena.bytes, compileBursts());
  const views = attachMemory(handle);
  createRxRing(views, at.ring, RING);
  const first = new RxRingConsumer(views, at.ring, at.header).descriptors / 4;
  for (let slot = 0; slot < RING; slot += 1) views.words[first + slot * 4] = slot;
  const consumer = start(handle, 'consume');
  const rate = new Promise<number>((resolve) => consumer.once('message', resolve));
  const ends = [consumer, start(handle, 'produce')].map((worker) => once(worker, 'exit'));
  for (const [status] of await Promise.all(ends)) check(status === 0, 'a worker failed');
  return rate;
}

function start(handle: Handle, role: Role): Worker {
  return new Worker(new URL(import.meta.url), { workerData: { handle, role, packets: PACKETS } satisfies Given });
}

if (isMainThread) {
  heading('bare-ring: one ring between two threads, 64-byte packets, bursts of up to 64', DRAWING);
  const rates: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    rates.push(await run());
    console.log(`  ${mpps(rates.at(-1)!)}`);
  }
  console.log(`\nbest ${mpps(Math.max(...rates))}`);
} else {
  const given = workerData as Given;
  if (given.role === 'produce') produce(given);
  else parentPort!.postMessage(consume(given));
}
