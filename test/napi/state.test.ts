// Cold. Runs on: main.
// The state word of src/napi/state.ts, row by row.

import t from 'tap';
import { NAPI_BYTES, NapiState, NO_HOLDER, NO_NAPI } from '../../src/napi/state.js';
import { Random } from '../../src/runtime/random.js';
import { space } from '../memory/space.js';

const ADDRESS = 128;
const SCHED = 1;
const MISSED = 2;
const CPU = 5;

function instance() {
  const views = space();
  const state = new NapiState(views, ADDRESS);
  state.create();
  const word = () => views.words[ADDRESS / 4]!;
  return { views, state, word };
}

function scheduled(missed: boolean) {
  const made = instance();
  made.state.schedulePrep(CPU);
  if (missed) made.state.schedulePrep(CPU);
  return made;
}

t.test('born enabled and idle, on no list', async (t) => {
  const { state, word } = instance();
  t.equal(word(), 0);
  t.equal(state.next, NO_NAPI);
  t.equal(state.holder(), NO_HOLDER);
  t.equal(state.inHand(), 0);
});

t.test('schedule: idle → SCHED, with the holder', async (t) => {
  const { state, word } = instance();
  t.equal(state.schedulePrep(CPU), true);
  t.equal(word(), SCHED | (CPU << 16));
  t.equal(state.holder(), CPU);
});

t.test('schedule: SCHED → SCHED|MISSED, by whomever; the holder stays', async (t) => {
  const { state, word } = scheduled(false);
  t.equal(state.schedulePrep(CPU + 1), false);
  t.equal(word(), SCHED | MISSED | (CPU << 16));
});

t.test('complete: SCHED → idle', async (t) => {
  const { state, word } = scheduled(false);
  t.equal(state.complete(), true);
  t.equal(word(), 0);
});

t.test('complete: SCHED|MISSED → SCHED, which is kept', async (t) => {
  const { state, word } = scheduled(true);
  t.equal(state.complete(), false);
  t.equal(word(), SCHED | (CPU << 16));
});

t.test('S01: schedule_prep three times', async (t) => {
  const { state, word } = instance();
  t.same(
    [1, 2, 3].map(() => state.schedulePrep(0)),
    [true, false, false],
  );
  t.equal(word(), SCHED | MISSED);
});

t.test('S02: MISSED brings exactly one more poll', async (t) => {
  const { state, word } = scheduled(true);
  t.same([state.complete(), state.complete()], [false, true]);
  t.equal(word(), 0);
  t.equal(state.schedulePrep(CPU), true, 'and can be scheduled again');
});

t.test('never idle → MISSED: nobody would look again', async (t) => {
  const { state, word } = instance();
  const random = new Random(3);
  for (let move = 0; move < 2000; move += 1) {
    if (random.below(2) === 0) state.schedulePrep(random.below(4));
    else if (state.holder() !== NO_HOLDER) state.complete();
    if ((word() & (SCHED | MISSED)) === MISSED) t.fail(`move ${move}: MISSED without SCHED`);
  }
  t.pass();
});

t.test('every context id has room, and leaves none of itself behind', async (t) => {
  const { state, word } = instance();
  for (const context of [0, 1, 63, 0xfff]) {
    state.schedulePrep(context);
    t.equal(state.holder(), context);
    state.schedulePrep(0);
    t.equal(state.complete(), false);
    t.equal(state.holder(), context, 'also after MISSED');
    state.complete();
    t.equal(word(), 0);
  }
});

t.test('what is in hand is said before and taken back after', async (t) => {
  const { state } = scheduled(false);
  state.takeInHand(-7, 64);
  t.equal(state.inHand(), 64);
  state.handOn();
  t.equal(state.inHand(), 0);
});

t.test('instances do not touch each other', async (t) => {
  const { views, state } = scheduled(true);
  const neighbour = new NapiState(views, ADDRESS + NAPI_BYTES);
  neighbour.create();
  state.next = 3;
  state.takeInHand(1, 2);
  t.same([neighbour.holder(), neighbour.next, neighbour.inHand()], [NO_HOLDER, NO_NAPI, 0]);
  t.equal(state.next, 3);
});
