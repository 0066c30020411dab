// Cold. Runs on: main.
// The state word of src/napi/state.ts, row by row.

import t from 'tap';
import { bitNames, describeState, type NapiBit, NapiError, PARKED } from '../../src/napi/bits.js';
import { NapiState, NO_HOLDER } from '../../src/napi/state.js';
import { NAPI_BYTES } from '../../src/napi/words.js';
import { Random } from '../../src/runtime/random.js';
import { space } from '../memory/space.js';

const ADDRESS = 128;
const SCHED = 1;
const MISSED = 2;
const DISABLE = 4;
const NPSVC = 8;
const LISTED = 16;
const IDLE = LISTED;
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
  t.equal(word(), IDLE);
  t.notOk(state.isLinked());
  t.equal(state.listOwner, -1);
  t.equal(state.holder(), NO_HOLDER);
  t.equal(state.inHand(), 0);
});

t.test('schedule: idle → SCHED, with the holder', async (t) => {
  const { state, word } = instance();
  t.equal(state.schedulePrep(CPU), true);
  t.equal(word(), IDLE | SCHED | (CPU << 16));
  t.equal(state.holder(), CPU);
});

t.test('schedule: SCHED → SCHED|MISSED, by whomever; the holder stays', async (t) => {
  const { state, word } = scheduled(false);
  t.equal(state.schedulePrep(CPU + 1), false);
  t.equal(word(), IDLE | SCHED | MISSED | (CPU << 16));
});

t.test('complete: SCHED → idle', async (t) => {
  const { state, word } = scheduled(false);
  t.equal(state.complete(), true);
  t.equal(word(), IDLE);
});

t.test('complete: SCHED|MISSED → SCHED, which is kept', async (t) => {
  const { state, word } = scheduled(true);
  t.equal(state.complete(), false);
  t.equal(word(), IDLE | SCHED | (CPU << 16));
});

t.test('S01: schedule_prep three times', async (t) => {
  const { state, word } = instance();
  t.same(
    [1, 2, 3].map(() => state.schedulePrep(0)),
    [true, false, false],
  );
  t.equal(word(), IDLE | SCHED | MISSED);
});

t.test('S02: MISSED brings exactly one more poll', async (t) => {
  const { state, word } = scheduled(true);
  t.same([state.complete(), state.complete()], [false, true]);
  t.equal(word(), IDLE);
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

t.test('DISABLE: schedule is refused, and leaves no trace', async (t) => {
  for (const missed of [false, true]) {
    const { state, word } = scheduled(missed);
    state.beginDisable();
    const before = word();
    t.equal(state.schedulePrep(CPU), false);
    t.equal(state.ifScheduledMarkMissed(), true, 'as if it were noted');
    t.equal(word(), before);
  }
});

t.test('mark_missed: only who is scheduled', async (t) => {
  const { state, word } = instance();
  t.equal(state.ifScheduledMarkMissed(), false);
  t.equal(word(), IDLE);
  state.schedulePrep(CPU);
  t.equal(state.ifScheduledMarkMissed(), true);
  t.equal(word(), IDLE | SCHED | MISSED | (CPU << 16));
});

t.test('complete clears what belongs to one turn, also when it is kept', async (t) => {
  for (const missed of [false, true]) {
    const { state, word } = scheduled(missed);
    state.set((1 << 7) | (1 << 8) | (1 << 9));
    state.complete();
    t.same(bitNames(word()), [...(missed ? ['SCHED'] : []), 'LISTED', 'THREADED'], 'THREADED stays');
  }
});

t.test('complete of one that is not scheduled', async (t) => {
  const { state } = instance();
  t.throws(() => state.complete(), {
    name: 'NapiError',
    message: 'napi_complete_done: it is not scheduled (napi 0: LISTED, held by nobody)',
  });
});

t.test('disable, step by step', async (t) => {
  const { state, word } = scheduled(true);
  state.set((1 << 7) | (1 << 8) | (1 << 11));
  t.equal(state.beginDisable() & DISABLE, 0);
  t.equal(state.park(), false, 'somebody polls');
  state.complete();
  t.equal(state.park(), false, 'once more, because of MISSED');
  state.complete();
  t.equal(state.park(), true);
  t.equal(word(), DISABLE | SCHED | NPSVC | LISTED | (PARKED << 16), 'neither threaded nor preferred');
  state.endDisable();
  t.equal(word(), SCHED | NPSVC | LISTED | (PARKED << 16));
  t.equal(state.holder(), NO_HOLDER, 'main is no poller');
});

t.test('netpoll keeps it from being disabled', async (t) => {
  const { state } = instance();
  state.set(NPSVC);
  state.beginDisable();
  t.equal(state.park(), false);
  state.clear(NPSVC);
  t.equal(state.park(), true);
});

t.test('enable: a MISSED survives', async (t) => {
  const { state, word } = instance();
  state.beginDisable();
  state.park();
  state.endDisable();
  state.schedulePrep(CPU);
  state.enable(true);
  t.same(bitNames(word()), ['MISSED', 'LISTED', 'THREADED']);
  t.equal(word() >> 16, 0);
});

t.test('errors name the state', async (t) => {
  const { state } = scheduled(true);
  const names: NapiBit[] = ['SCHED', 'MISSED', 'LISTED'];
  t.equal(describeState(state.load()), 'SCHED|MISSED|LISTED, held by context 5');
  const error = new NapiError('napi_x', 3, state.load(), 'why');
  t.same([error.call, error.state, error.holder], ['napi_x', names, CPU]);
  state.complete();
  state.complete();
  t.equal(new NapiError('napi_x', 3, state.load(), 'why').holder, null);
});

t.test('one CPU at a time owns the poll', async (t) => {
  const { state } = instance();
  t.same([state.tryPollOwner(0), state.tryPollOwner(1), state.pollOwner()], [true, false, 0]);
  state.releasePollOwner();
  t.equal(state.tryPollOwner(1), true);
});

t.test('every context id has room, and leaves none of itself behind', async (t) => {
  const { state, word } = instance();
  for (const context of [0, 1, 63, PARKED - 1]) {
    state.schedulePrep(context);
    t.equal(state.holder(), context);
    state.schedulePrep(0);
    t.equal(state.complete(), false);
    t.equal(state.holder(), context, 'also after MISSED');
    state.complete();
    t.equal(word(), IDLE);
  }
});

t.test('what is in hand is said before and taken back after', async (t) => {
  const { state } = scheduled(false);
  state.takeInHand(-7, 64, 2 ** 40);
  t.same([state.inHand(), state.inHandEnd, state.inHandTaken], [64, -7, 2 ** 40]);
  state.handOn();
  t.equal(state.inHand(), 0);
});

t.test('instances do not touch each other', async (t) => {
  const { views, state } = scheduled(true);
  const neighbour = new NapiState(views, ADDRESS + NAPI_BYTES);
  neighbour.create();
  state.listOwner = 3;
  state.takeInHand(1, 2, 3);
  t.same([neighbour.holder(), neighbour.listOwner, neighbour.inHand()], [NO_HOLDER, -1, 0]);
  t.equal(state.listOwner, 3);
});
