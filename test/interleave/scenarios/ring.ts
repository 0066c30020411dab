// Cold. Runs on: every thread of the explorer.
// One ring: the NIC's half publishes a frame at a time, the driver's half polls until it has seen all.
//   frames   the second of three frames has two descriptors
//   reuse    frames of 9,216 bytes, and so few buffers that the NIC must wait for those that the driver posts again
//   races    short frames, more than there are posted buffers; plain accesses are checked for races
// Polls alternate between two CPUs' views of the queue: the cursors travel.

import { BUFFER_BYTES, FRAME_BYTES_MAX } from '../../../src/bursts/layout.js';
import { type ScenarioFactory, type Shared, spin } from '../scenario.js';
import { labelsOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { buffersOnce } from '../world/rest.js';
import { World, type WorldOptions } from '../world/world.js';

const COMMON = { cpus: 2, flow: 'latch', weight: 64, burst: 1 } as const;
const VARIANTS: Record<string, WorldOptions> = {
  frames: { ...COMMON, frames: [20, BUFFER_BYTES + 20, 20], buffers: 32, posted: 32 },
  reuse: { ...COMMON, frames: new Array(4).fill(FRAME_BYTES_MAX), buffers: 32, posted: 16 },
  races: { ...COMMON, frames: new Array(18).fill(16), buffers: 32, posted: 16, burst: 6 },
};

const ring: ScenarioFactory = async (root, variant) => {
  const options = VARIANTS[variant]!;
  const world = new World(await loadParts(root), options);
  const { parts, plan } = world;
  const { length } = options.frames;

  function nic(shared: Shared): () => void {
    const { frames, state: copied, rss, buffers, rings } = plan.nic;
    const offers = copied + 64;
    const bursts = world.bursts(shared);
    const producer = new parts.RxRingProducer(world.views(shared), rings[0]!);
    const { descriptors, mask } = producer;
    const place = () => {
      const { head } = producer;
      const next = bursts.copy(offers, 1, 0, descriptors, mask, head, producer.posted(), buffers, copied);
      if (next !== head) producer.publish(next);
      return next !== head;
    };
    return () => {
      for (let frame = 0; frame < length; frame++) {
        bursts.offer(frames, length, frame, 1, offers, rss);
        while (!place()) spin();
      }
    };
  }

  function driver(shared: Shared): () => void {
    const polls = [0, 1].map((cpu) => poll(shared, cpu));
    return () => {
      for (let seen = 0, cpu = 0; seen < length; cpu = 1 - cpu) {
        const frames = polls[cpu]!();
        seen += frames;
        if (frames === 0) spin();
      }
    };
  }

  function poll(shared: Shared, cpu: number): () => number {
    const views = world.views(shared);
    const { napis, batch, buffers, links, pollCounters } = plan.cpus[cpu]!;
    const taken = parts.counterAddress(parts.POLL_COUNTERS, pollCounters[0]!, 'taken');
    const { ring, pool } = world.hold(shared);
    const state = parts.napiState(views, napis, 0);
    const rx = new parts.RxQueue(
      views,
      { bursts: world.bursts(shared), ring, pool, state },
      { batch, buffers, links, taken },
    );
    const burst = new parts.Burst(views, batch, buffers, links);
    return () => {
      rx.claim();
      burst.count = rx.take(options.weight);
      world.witness.receive(world.notes(shared), burst);
      rx.recycle(burst.count);
      rx.refill();
      rx.release();
      return burst.count;
    };
  }

  return {
    threads: ['nic', 'driver'],
    races: variant === 'races',
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: labelsOf(world),
    thread: (index, shared) => (index === 0 ? nic(shared) : driver(shared)),
    check(shared) {
      buffersOnce(world, shared);
      return world.witness.undelivered(world.notes(shared));
    },
  };
};

export default ring;
