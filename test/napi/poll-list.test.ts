// Cold. Runs on: main.
// The list of NAPI instances against plain arrays.

import t from 'tap';
import { createLink, isLinked, LINK_BYTES, NO_NAPI, PollList, unlink } from '../../src/napi/poll-list.js';
import { Random } from '../../src/runtime/random.js';
import { space } from '../memory/space.js';

const INSTANCES = 12;

function world(count: number) {
  const views = space();
  const { words } = views;
  const links = Array.from({ length: INSTANCES }, (_, id) => 256 + id * 8);
  for (const [id, link] of links.entries()) createLink(words, link, id);
  const lists = Array.from({ length: count }, (_, i) => {
    const list = new PollList(views, 64 + i * LINK_BYTES);
    list.create();
    return { list, append: (id: number) => list.append(links[id]!) };
  });
  return { words, links, lists };
}

function drain(list: PollList): number[] {
  const ids: number[] = [];
  while (!list.isEmpty()) ids.push(list.shift());
  return ids;
}

t.test('first in, first out', async (t) => {
  const { lists, words, links } = world(1);
  const [{ list, append }] = lists as [(typeof lists)[0]];
  t.ok(list.isEmpty());
  for (const id of [4, 0, 11]) append(id);
  t.same(list.ids(), [4, 0, 11]);
  t.same(drain(list), [4, 0, 11]);
  t.notOk(isLinked(words, links[4]!));
  append(4);
  t.ok(isLinked(words, links[4]!));
  t.same(drain(list), [4], 'and may come again');
});

t.test('splice moves all of the other list to the end', async (t) => {
  const [one, other] = world(2).lists as [ReturnType<typeof world>['lists'][0], ReturnType<typeof world>['lists'][0]];
  one.list.splice(other.list);
  t.ok(one.list.isEmpty(), 'nothing to nothing');
  for (const id of [1, 2]) other.append(id);
  one.list.splice(other.list);
  t.ok(other.list.isEmpty());
  for (const id of [3, 4]) other.append(id);
  one.list.splice(other.list);
  one.append(5);
  one.list.splice(other.list);
  t.same(drain(one.list), [1, 2, 3, 4, 5]);
});

t.test('whoever is on a list can be taken off it, wherever it stands', async (t) => {
  for (const gone of [1, 2, 3]) {
    const { lists, words, links } = world(1);
    const [{ list, append }] = lists as [(typeof lists)[0]];
    for (const id of [1, 2, 3]) append(id);
    unlink(words, links[gone]!);
    t.same(
      drain(list),
      [1, 2, 3].filter((id) => id !== gone),
    );
    t.notOk(isLinked(words, links[gone]!));
  }
});

t.test('a list is no instance', async (t) => {
  const { words, lists } = world(1);
  t.equal(words[64 / 4 + 2], NO_NAPI);
  t.same(lists[0]!.list.ids(), []);
});

t.test('5000 random moves', async (t) => {
  const { lists, words, links } = world(3);
  const model: number[][] = [[], [], []];
  const random = new Random(11);
  for (let move = 0; move < 5000; move += 1) {
    const at = random.below(3);
    const id = random.below(INSTANCES);
    const what = random.below(4);
    const { list, append } = lists[at]!;
    if (what === 0 && !model.flat().includes(id)) {
      append(id);
      model[at]!.push(id);
    } else if (what === 1 && model[at]!.length > 0) {
      if (list.shift() !== model[at]!.shift()) t.fail(`move ${move}: another id came first`);
    } else if (what === 2) {
      const from = (at + 1) % 3;
      list.splice(lists[from]!.list);
      model[at]!.push(...model[from]!.splice(0));
    } else if (what === 3) {
      unlink(words, links[id]!);
      for (const ids of model) if (ids.includes(id)) ids.splice(ids.indexOf(id), 1);
    }
  }
  t.same(
    lists.map(({ list }) => drain(list)),
    model,
  );
});
