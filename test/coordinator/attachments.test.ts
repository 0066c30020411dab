// Cold. Runs on: main.
// Places for threads of the application, of which one has ended without a word.

import t from 'tap';
import { Attachments } from '../../src/coordinator/attachments.js';
import type { Machine } from '../../src/coordinator/machine.js';
import type { Config } from '../../src/coordinator/options.js';
import { makePlan } from '../../src/coordinator/plan.js';
import type { Recordings } from '../../src/coordinator/recordings.js';
import { AttachmentWords } from '../../src/memory/attachment.js';
import { ContextWords } from '../../src/memory/context.js';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';
import { viewsOf } from '../../src/memory/views.js';

/** No thread has it. */
const NO_TID = 2 ** 22;

t.test('who ended outside of its calls may have been about to wake somebody by an event', async (t) => {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 0, attachments: 1 });
  const views = viewsOf(new SharedArrayBuffer(plan.bytes));
  const config = { queues: 1, napi: {} } as unknown as Config;
  const attachments = new Attachments({ views } as Machine, plan, config, {} as Recordings);
  const words = new AttachmentWords(views, plan.attachments[0]!);
  const context = new ContextWords(views, plan.pollerContexts[0]!);
  words.claim(words.give(), process.pid, 0);
  context.end();
  const sleepers = plan.cpuContexts.map((address) => new Doorbell(views, address));
  const asleep = () => plan.cpuContexts.map((address) => isAsleep(views.words, address / 4));
  for (const doorbell of sleepers) doorbell.announce();

  attachments.bury();
  t.same([words.taken, ...asleep()], [true, true, true], 'it lives');

  views.words[plan.attachments[0]! / 4 + 1] = NO_TID;
  context.enter();
  attachments.bury();
  t.same([words.taken, ...asleep()], [true, true, true], 'within a call it is another matter: dead()');

  context.end();
  attachments.bury();
  t.same([words.taken, ...asleep()], [false, false, false]);

  for (const doorbell of sleepers) doorbell.announce();
  attachments.bury();
  t.same(asleep(), [true, true], 'once');
});
