// Cold. Runs on: main.
// The list of NAPI instances against plain arrays.

import t from 'tap';
import { POLL_LIST_BYTES, PollList } from '../../src/napi/poll-list.js';
import { NAPI_BYTES, NapiState } from '../../src/napi/state.js';
import { Random } from '../../src/runtime/random.js';
import { space } from '../memory/space.js';

const INSTANCES = 12;

function lists(count: number): PollList[] {
  const views = space();
  const states = Array.from({ length: INSTANCES }, (_, id) => new NapiState(views, 1024 + id * NAPI_BYTES));
  for (const state of states) state.create();
  return Array.from({ length: count }, (_, i) => {
    const list = new PollList(views, 64 + i * POLL_LIST_BYTES, states);
    list.create();
    return list;
  });
}

function drain(list: PollList): number[] {
  const ids: number[] = [];
  while (!list.isEmpty()) ids.push(list.shift());
  return ids;
}

t.test('first in, first out', async (t) => {
  const [list] = lists(1) as [PollList];
  t.ok(list.isEmpty());
  for (const id of [4, 0, 11]) list.append(id);
  t.equal(list.first, 4);
  t.same(drain(list), [4, 0, 11]);
  list.append(4);
  t.same(drain(list), [4], 'and may come again');
});

t.test('splice moves all of the other list to the end', async (t) => {
  const [list, other] = lists(2) as [PollList, PollList];
  list.splice(other);
  t.ok(list.isEmpty(), 'nothing to nothing');
  for (const id of [1, 2]) other.append(id);
  list.splice(other);
  t.ok(other.isEmpty());
  for (const id of [3, 4]) other.append(id);
  list.splice(other);
  list.append(5);
  list.splice(other);
  t.same(drain(list), [1, 2, 3, 4, 5]);
});

t.test('5000 random moves', async (t) => {
  const all = lists(3);
  const model: number[][] = [[], [], []];
  const random = new Random(11);
  for (let move = 0; move < 5000; move += 1) {
    const at = random.below(3);
    const id = random.below(INSTANCES);
    const what = random.below(3);
    if (what === 0 && !model.flat().includes(id)) {
      all[at]!.append(id);
      model[at]!.push(id);
    } else if (what === 1 && model[at]!.length > 0) {
      if (all[at]!.shift() !== model[at]!.shift()) t.fail(`move ${move}: another id came first`);
    } else if (what === 2) {
      const from = (at + 1) % 3;
      all[at]!.splice(all[from]!);
      model[at]!.push(...model[from]!.splice(0));
    }
  }
  t.same(all.map(drain), model);
});
