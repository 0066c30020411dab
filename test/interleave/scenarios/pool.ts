// Cold. Runs on: every thread of the explorer.
// Two threads give buffers back while the holder reclaims: every id ends in exactly one place.
//   plain   one gives a chain of two, the other two single ones
//   …+races  and plain accesses are checked
//   again   the holder gives back what it has just reclaimed, so that the list's head comes to look as it did (no ABA)

import { onePage, type ScenarioFactory, type Shared, viewsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const POOL = 0;
const LINKS = 1024;
const BUFFERS = 4;

const pool: ScenarioFactory = async (root, variant) => {
  const { BufferPool, createBufferPool, readBufferPool } = await load<
    typeof import('../../../src/ring/buffer-pool.js')
  >(root, 'ring/buffer-pool.js');
  const [name, check] = variant.split('+');
  const attach = (shared: Shared) => new BufferPool(viewsOf(shared.memory.buffer), POOL, LINKS);
  return {
    threads: ['holder', 'giver', 'giver2'],
    races: check === 'races',
    create: onePage,
    reset(shared) {
      const views = viewsOf(shared.memory.buffer);
      createBufferPool(views, POOL, 0, BUFFERS);
      attach(shared).release(); // all ids have left the stack
      views.words[LINKS / 4] = 1; // the chain 0 → 1
    },
    label,
    thread(index, shared) {
      const buffers = attach(shared);
      const hold = () => {
        buffers.claim();
        buffers.reclaim();
        if (name === 'again' && buffers.top > 0) {
          buffers.top--;
          const id = viewsOf(shared.memory.buffer).words[buffers.stack / 4 + buffers.top]!;
          buffers.giveBack(id, id);
        }
        buffers.reclaim();
        buffers.release();
      };
      const single = (id: number) => buffers.giveBack(id, id);
      return [
        hold,
        () => buffers.giveBack(0, 1),
        () => {
          single(2);
          single(3);
        },
      ][index]!;
    },
    check(shared) {
      const { idle } = readBufferPool(viewsOf(shared.memory.buffer), POOL, LINKS);
      const ids = idle.toSorted().join(' ');
      return ids === '0 1 2 3' ? null : `buffers ${ids}, not 0 1 2 3`;
    },
  };
};

function label(address: number): string | undefined {
  if (address === POOL) return 'RETURNED';
  return address >= LINKS ? `LINK${(address - LINKS) / 4}` : undefined;
}

export default pool;
