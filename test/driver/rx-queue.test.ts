// Cold. Runs on: main.
// A driver's hold on one Rx queue: what is posted, and in which portions.

import t from 'tap';
import { NO_BUFFER } from '../../src/bursts/layout.js';
import { Rig } from './rig.js';

const RING = 64;

/** The counts of descriptors that are posted from now on. */
function posts(rig: Rig): number[] {
  const { ring } = rig.cpu.rx;
  const post = ring.post.bind(ring);
  const counts: number[] = [];
  ring.post = (count) => {
    counts.push(count);
    post(count);
  };
  return counts;
}

t.test('a new machine has every slot posted', async (t) => {
  for (const ring of [64, 512, 4096]) {
    const rig = new Rig({ ring });
    t.equal((rig.producer.posted() - rig.producer.head) | 0, ring);
    rig.checkBuffers();
  }
});

t.test('D08: 40 descriptors are cleaned: posted in multiples of 16, the rest later', async (t) => {
  const rig = new Rig({ ring: RING });
  const counts = posts(rig);
  rig.receive(40);
  rig.cpu.doWork();
  t.same(counts, [32]);
  rig.receive(7);
  rig.cpu.doWork();
  t.same(counts, [32], '15 slots are not a batch');
  rig.receive(1);
  rig.cpu.doWork();
  t.same(counts, [32, 16]);
});

t.test('a whole ring of frames is posted again at once', async (t) => {
  const rig = new Rig({ ring: RING });
  const counts = posts(rig);
  rig.receive(RING);
  rig.cpu.doWork();
  t.same(counts, [RING]);
  t.equal((rig.producer.posted() - rig.producer.head) | 0, RING);
});

t.test('all fragments of a frame come back', async (t) => {
  const rig = new Rig({ ring: RING });
  for (let round = 0; round < 20; round += 1) {
    rig.receive(3, 9216);
    rig.receive(2, 2048);
    rig.receive(4, 2049);
    rig.cpu.doWork();
    rig.checkBuffers();
  }
  t.equal(rig.cpu.counters().delivered, 20 * 9);
});

t.test('take: nothing from an empty ring, and nothing in hand', async (t) => {
  const rig = new Rig({ ring: RING });
  const { rx } = rig.cpu;
  rx.claim();
  t.equal(rx.take(64), 0);
  t.equal(rig.state.inHand(), 0);
  rig.receive(10);
  t.equal(rx.take(4), 4, 'looks at HEAD anew, takes what was asked for');
  t.equal(rx.ring.tail, 4);
});

/** Takes all ids but `left` off the stack, as if others held them. @returns them */
function hold(rig: Rig, left: number): number[] {
  const { pool } = rig.cpu.rx;
  pool.claim();
  const ids = Array.from({ length: pool.top - left }, (_, i) => rig.views.words[pool.stack / 4 + left + i]!);
  pool.top = left;
  pool.release();
  return ids;
}

/** Ten frames are taken and their buffers stay out, so that only the pool's stack can refill the ring. */
function takeAway(rig: Rig, frames: number): void {
  const { rx } = rig.cpu;
  rig.receive(frames);
  rx.claim();
  rx.take(frames);
}

t.test('a pool that runs low: whole batches of what there is; what others gave back is found', async (t) => {
  const rig = new Rig({ ring: RING });
  const held = hold(rig, 20);
  takeAway(rig, 48);
  const counts = posts(rig);
  rig.cpu.rx.refill();
  t.same(counts, [16], '20 buffers for 48 slots');
  rig.cpu.rx.refill();
  t.same(counts, [16], '4 buffers for 32 slots: nothing');
  const { links } = rig.plan.cpus[0]!;
  held.forEach((id, i) => {
    rig.views.words[links / 4 + id] = held[i + 1] ?? NO_BUFFER;
  });
  rig.cpu.rx.pool.giveBack(held[0]!, held.at(-1)!);
  rig.cpu.rx.refill();
  t.same(counts, [16, 32]);
});
