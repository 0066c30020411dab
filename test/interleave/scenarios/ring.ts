// Cold. Runs on: every thread of the explorer.
// One ring: the NIC's half publishes a frame at a time, the driver's half polls until it has seen all.
//   frames   the second of three frames has two descriptors
//   reuse    frames of 9,216 bytes, and so few buffers that the NIC must wait for those that the driver posts again
// Polls alternate between two CPUs' views of the queue: the cursors must travel.

import { BUFFER_BYTES } from '../../../src/bursts/layout.js';
import { type ScenarioFactory, type Shared, spin } from '../scenario.js';
import { loadParts } from '../world/parts.js';
import { World, type WorldOptions } from '../world/world.js';

const COMMON = { cpus: 2, flow: 'latch', weight: 64, burst: 1 } as const;
const JUMBO = 9216;
const VARIANTS: Record<string, WorldOptions> = {
  frames: { ...COMMON, frames: [20, BUFFER_BYTES + 20, 20], buffers: 32, posted: 32 },
  reuse: { ...COMMON, frames: [JUMBO, JUMBO, JUMBO, JUMBO], buffers: 32, posted: 16 },
};

const ring: ScenarioFactory = async (root, variant) => {
  const parts = await loadParts(root);
  const options = VARIANTS[variant]!;
  const world = new World(parts, options);
  const { length } = options.frames;

  function publish(shared: Shared): () => void {
    const views = world.views(shared);
    const { frames, state, rss, buffers, rings } = world.plan.nic;
    const bursts = world.bursts(views);
    const producer = new parts.RxRingProducer(views, rings[0]!);
    const copied = state;
    const offers = state + 64;
    const { descriptors, mask } = producer;
    return () => {
      for (let frame = 0; frame < length; frame++) {
        bursts.offer(frames, length, frame, 1, offers, rss);
        for (;;) {
          const { head } = producer;
          const next = bursts.copy(offers, 1, 0, descriptors, mask, head, producer.posted(), buffers, copied);
          if (next !== head) {
            producer.publish(next);
            break;
          }
          spin();
        }
      }
    };
  }

  function poll(shared: Shared): () => void {
    const holders = [world.rxQueue(shared, 0), world.rxQueue(shared, 1)] as const;
    return () => {
      for (let seen = 0, turn = 0; seen < length; turn ^= 1) {
        const { rx, receive } = holders[turn]!;
        rx.claim();
        const frames = rx.take(options.weight);
        if (frames > 0) {
          receive(frames);
          rx.recycle(frames);
          rx.refill();
        }
        rx.release();
        rx.handOn();
        if (frames === 0) spin();
        seen += frames;
      }
    };
  }

  return {
    threads: ['nic', 'driver'],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: (address) => world.label(address),
    thread: (index, shared) => (index === 0 ? publish(shared) : poll(shared)),
    check(shared) {
      world.assertBuffersOnce(shared);
      return world.undelivered(shared);
    },
  };
};

export default ring;
