// Cold. Runs on: main.
// What a CPU that ended midway has left in shared memory: all that another needs to go on, but for the burst in its hand.
// It is proved by going on: the words are set right as a recovery would, and another context polls.

import type { Shared } from '../scenario.js';
import { scheduler } from './agents.js';
import { buffersOnce } from './rest.js';
import { FIRST_CURSOR, RING, type World } from './world.js';

// Words that src/ring/rx-ring.ts, src/ring/buffer-pool.ts and src/napi/state.ts draw.
const TAIL = 16;
const POSTED = 32;
const TOP = 16;
const STACK = 48;
const IN_HAND_CURSOR = 21;
const IN_HAND_COUNT = 22;
const NO_BUFFER = -1;

interface Remains {
  /** Frames that sinks have seen. */
  readonly delivered: number;
  /** The first that is neither delivered nor lost, as a frame's number, which is here its descriptor's as well. */
  readonly next: number;
  readonly posted: number;
}

/** Null when nothing but the burst in hand is lost, and all else goes on. Every frame must have one descriptor. */
export function lostMore(world: World, shared: Shared, survivor: number): string | null {
  const wrong = world.witness.disorder(world.notes(shared), 0, 0);
  if (wrong !== null) return wrong;
  const remains = remainsOf(world, shared);
  if (typeof remains === 'string') return remains;
  const broken = recover(world, shared, remains);
  if (broken !== null) return broken;
  world.line(shared).retarget(survivor);
  scheduler(world, shared, survivor)();
  buffersOnce(world, shared);
  const { delivered, next } = remains;
  const notes = world.notes(shared);
  return world.witness.disorder(notes, delivered, next - delivered) ?? world.witness.missing(notes, next - delivered);
}

function remainsOf(world: World, shared: Shared): Remains | string {
  const { words } = world.notes(shared);
  const ring = world.plan.nic.rings[0]! / 4;
  const numberOf = (cursor: number) => (cursor - FIRST_CURSOR) | 0;
  const tail = numberOf(words[ring + TAIL]!);
  const delivered = world.witness.delivered(world.notes(shared));
  const count = words[world.napiWord + IN_HAND_COUNT]!;
  const first = numberOf(words[world.napiWord + IN_HAND_CURSOR]!);
  const posted = numberOf(words[ring + POSTED]!);
  if (count === 0)
    return delivered === tail ? { delivered, next: tail, posted } : `delivered=${delivered} tail=${tail}`;
  const inHand = `in hand: ${count} from ${first}`;
  if (delivered < first || delivered > first + count) return `delivered=${delivered}, ${inHand}`;
  if (tail < first || tail > first + count) return `tail=${tail}, ${inHand}`;
  const filled = numberOf(words[ring]!);
  const next = tail > first ? tail : Math.min(first + count, filled);
  return { delivered, next, posted };
}

/** What stands in slots is the ring's, all other buffers are free; the instance is added anew. */
function recover(world: World, shared: Shared, { next, posted }: Remains): string | null {
  const { words } = world.notes(shared);
  const { rings, pools } = world.plan.cpus[0]!;
  const { ring } = world.hold(shared);
  const inSlots = new Set<number>();
  if (posted - next > RING) return `posted=${posted} next=${next}: more than the ring has`;
  for (let number = next; number < posted; number++) {
    inSlots.add(words[ring.descriptors / 4 + ((FIRST_CURSOR + number) & ring.mask) * 4]!);
  }
  if (inSlots.size !== posted - next) return 'a buffer is in two slots';
  const free = Array.from({ length: world.options.buffers }, (_, id) => id).filter((id) => !inSlots.has(id));
  const pool = pools[0]! / 4;
  words.set(free, pool + STACK);
  words[pool + TOP] = free.length;
  words[pool] = NO_BUFFER;
  words[rings[0]! / 4 + TAIL] = (FIRST_CURSOR + next) | 0;
  words[world.napiWord] = 0;
  world.parts.napiState(world.notes(shared), world.plan.cpus[0]!.napis, 0).create();
  return null;
}
