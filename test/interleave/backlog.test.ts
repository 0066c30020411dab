// Cold. Runs on: main.
// A backlog and who sends to it, and calls between CPUs: publish against let go, call against sleep.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

/** The schedules that take minutes. */
const LONG = process.env.SOFTIRQ_LONG === '1';

t.setTimeout(LONG ? 3_600_000 : TIMEOUT_MS);

const BACKLOG = 'net/backlog.js';
const QUEUE = 'net/backlog-queue.js';
const SENDER = 'net/backlog-sender.js';
const CALL = 'irq/call.js';
const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const WAITS = /^done=\d of \d|^instance \d is held/;
const MISCOUNTED = /^QLEN=\d at rest/;
const TOO_SMALL = /QLEN=-?\d is too small/;
const STRANDED = /^of cpu\d: \d of \d packets|^instance \d is held at rest/;

t.test('every packet comes out once and in order, nobody is called for nothing, and no plain word races', async (t) => {
  await passes(t, 'backlog:remote+races', 'backlog:burst+races');
  await passesWithin(t, { bound: 3 }, 'backlog:late+races', 'backlog:call+races');
});

t.test('also with two senders, a local one, or two callers', (t) =>
  passes(t, 'backlog:senders+races', 'backlog:local+races', 'backlog:calls+races'),
);

t.test('QLEN that is too large is set right while somebody sends', (t) => passes(t, 'backlog:recount+races'));

t.test('a sender that ends at any step strands nothing that it has published', (t) =>
  passesWithin(t, { bound: LONG ? 2 : 1 }, 'backlog:death+races'),
);

t.test('a backlog without one of its rules strands packets', (t) =>
  dies(t, [
    {
      what: 'no look after SCHED was let go',
      patches: [{ file: BACKLOG, find: /if \(this\.queue\.hasInput\(\)\)\s*return .*;/, replace: '' }],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'that look before it is let go',
      patches: [
        {
          file: BACKLOG,
          find: /(this\.state\.releaseBacklog\(\);)\s*if \(this\.queue\.hasInput\(\)\)/,
          replace: 'const more = this.queue.hasInput(); $1 if (more)',
        },
      ],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'SCHED looked at before the packets are published',
      patches: [
        {
          file: BACKLOG,
          find: /this\.senders\[target\]\.publish\(\);\s*this\.schedule\(target\);/,
          replace: 'this.schedule(target), this.senders[target].publish();',
        },
      ],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'published before the slot is filled',
      patches: [
        {
          file: SENDER,
          find: 'this.tail = (tail + 1) | 0;',
          replace: 'this.tail = (tail + 1) | 0; Atomics.store(this.words, this.ring + TAIL, this.tail);',
        },
      ],
      spec: 'backlog:remote+races',
      message: /race|packet \d, not \d|too small/,
    },
    {
      what: 'the target not called',
      patches: [
        {
          file: SOFTNET,
          find: 'this.rpsIpiList.send(this.callBacklog);\n    }\n    /** dev',
          replace: '0;\n    }\n    /** dev',
        },
      ],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'no doorbell',
      patches: [{ file: CALL, find: /ringDoorbell\(words, .*;/, replace: '' }],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'the doorbell before the vector',
      patches: [
        { file: CALL, find: /(Atomics\.or\(words, pendingWord.*;)\s*(ringDoorbell\(words, .*;)/, replace: '$2 $1' },
      ],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'the vector before the subject',
      patches: [
        {
          file: CALL,
          find: /(Atomics\.or\(words, subjectWord.*;)\s*(\/\/ .*)\s*(Atomics\.or\(words, pendingWord.*;)/,
          replace: '$3 $1',
        },
      ],
      spec: 'backlog:remote',
      message: STRANDED,
    },
    {
      what: 'a call: the vector before the subject',
      patches: [
        {
          file: CALL,
          find: /(Atomics\.or\(words, subjectWord.*;)\s*(\/\/ .*)\s*(Atomics\.or\(words, pendingWord.*;)/,
          replace: '$3 $1',
        },
      ],
      spec: 'backlog:call',
      message: WAITS,
    },
    {
      what: 'subjects taken by load and store',
      patches: [
        {
          file: CALL,
          find: 'Atomics.exchange(this.words, first + index, 0)',
          replace: '[Atomics.load(this.words, first + index), Atomics.store(this.words, first + index, 0)][0]',
        },
      ],
      spec: 'backlog:calls',
      message: WAITS,
    },
    {
      what: 'no look at calls before sleep',
      patches: [{ file: 'runtime/idle.js', find: 'agent.workArrived() || ', replace: '' }],
      spec: 'backlog:call',
      message: WAITS,
    },
  ]),
);

t.test('a backlog without one of its rules is polled twice, called for nothing, or outgrows its ring', (t) =>
  dies(t, [
    {
      what: 'SCHED tested, then set',
      patches: [
        {
          file: STATE,
          find: /(const next = old \| SCHED \| \(cpu << HOLDER_SHIFT\);)\s*if \(Atomics.*\s*return true;/,
          replace: '$1 Atomics.store(this.words, this.base + STATE, next); return true;',
        },
      ],
      spec: 'backlog:senders',
      message: /called for nothing/,
    },
    {
      what: 'polled on, although a sender has got SCHED meanwhile',
      patches: [
        {
          file: BACKLOG,
          find: 'return !this.state.scheduleBacklog(this.cpu);',
          replace: 'return !this.state.scheduleBacklog(this.cpu) && false;',
        },
      ],
      spec: 'backlog:late',
      bound: 3,
      message: /called for nothing/,
    },
    {
      what: 'called also by a sender that did not get SCHED',
      patches: [
        {
          file: SOFTNET,
          find: /if \(!backlog\.scheduleBacklog\(cpu\)\)\s*this\.rpsIpiList\.remove\(cpu\);\s*else if/,
          replace: 'backlog.scheduleBacklog(cpu); if',
        },
      ],
      spec: 'backlog:senders',
      message: /called for nothing/,
    },
    {
      what: 'counted after it is published',
      patches: [
        {
          file: SENDER,
          find: /Atomics\.add\(words, this\.qlen, .*;\s*\}\s*\/\/.*\s*(Atomics\.store\(words, ring \+ TAIL, tail\);)/,
          replace: '} $1 Atomics.add(words, this.qlen, 1);',
        },
      ],
      spec: 'backlog:remote',
      message: /QLEN=-?\d is too small/,
    },
    {
      what: 'counted off before it is taken over',
      patches: [
        {
          file: QUEUE,
          find: /for \(const ring of this\.others\)\s*spliced \+= this\.spliceShared\(ring\);/,
          replace:
            'for (const ring of this.others) { Atomics.sub(this.words, this.qlen, Atomics.load(this.words, ring + TAIL) - this.words[ring + SPLICED]); spliced += this.spliceShared(ring); }',
        },
        { file: QUEUE, find: /if \(spliced > 0\)\s*Atomics\.sub\(.*;/, replace: '' },
      ],
      spec: 'backlog:remote',
      message: /QLEN=-?\d is too small/,
    },
  ]),
);

t.test('an heir that leaves one of its duties undone strands packets', (t) =>
  dies(t, [
    {
      what: 'SCHED before it is noted whom to call',
      patches: [
        {
          file: SOFTNET,
          find: /this\.rpsIpiList\.add\(cpu\);.*\s*if \(!backlog\.scheduleBacklog\(cpu\)\)\s*this\.rpsIpiList\.remove\(cpu\);\s*else if/,
          replace:
            'if (!backlog.scheduleBacklog(cpu)) return; this.rpsIpiList.add(cpu); Atomics.load(this.words, this.base); if',
        },
      ],
      spec: 'backlog:death',
      message: STRANDED,
    },
    {
      what: 'calls that are owed are not made',
      patches: [{ file: SOFTNET, find: 'rpsIpiListOf(views, address).send(this.callBacklog);', replace: '' }],
      spec: 'backlog:death',
      message: STRANDED,
    },
    {
      what: 'what was published, and nobody was told of',
      patches: [{ file: BACKLOG, find: ' || backlogHasSent(this.views, layout, cpu)', replace: '' }],
      spec: 'backlog:death',
      message: STRANDED,
    },
  ]),
);

t.test(
  'a sender that ends, and one of the rules of counting anew is not kept: it is full too early, or too late',
  (t) =>
    dies(t, [
      {
        what: 'never',
        patches: [{ file: BACKLOG, find: /this\.queue\.recount\(\);\s*return true;/, replace: 'return true;' }],
        spec: 'backlog:death',
        bound: 1,
        message: MISCOUNTED,
      },
      {
        what: 'what was about to be published is not given up',
        patches: [
          {
            file: SENDER,
            find: 'return Atomics.exchange(views.words, ring + COUNTED, tail) !== tail;',
            replace: 'return views.words[ring + COUNTED] !== tail;',
          },
        ],
        spec: 'backlog:death',
        bound: 1,
        message: MISCOUNTED,
      },
      {
        what: 'the target is not told',
        patches: [{ file: BACKLOG, find: '(gaveUp || backlogHasSent', replace: '(backlogHasSent' }],
        spec: 'backlog:death',
        bound: 1,
        message: MISCOUNTED,
      },
      {
        what: 'before SCHED was let go',
        patches: [
          {
            file: BACKLOG,
            find: 'this.state.releaseBacklog();\n        if',
            replace: 'this.queue.recount(); this.state.releaseBacklog();\n        if',
          },
          { file: BACKLOG, find: /this\.queue\.recount\(\);\s*return true;/, replace: 'return true;' },
        ],
        spec: 'backlog:death',
        message: MISCOUNTED,
      },
      {
        what: 'while somebody sends',
        patches: [
          {
            file: QUEUE,
            find: 'if (Atomics.load(words, ring + COUNTED) !== words[ring + SPLICED])',
            replace: 'if (Atomics.load(words, ring + TAIL) !== words[ring + SPLICED])',
          },
        ],
        spec: 'backlog:late',
        bound: 3,
        message: TOO_SMALL,
      },
      {
        what: 'whatever was counted since',
        patches: [
          {
            file: QUEUE,
            find: 'Atomics.compareExchange(words, qlen, counted, 0)',
            replace: 'Atomics.store(words, qlen, 0)',
          },
        ],
        spec: 'backlog:recount',
        message: TOO_SMALL,
      },
      {
        what: 'COUNTED behind the add',
        patches: [
          {
            file: SENDER,
            find: /(words\[ring \+ COUNTED\] = tail;).*\s*\/\/.*\s*(Atomics\.add\(words, this\.qlen, .*;)/,
            replace: '$2 $1',
          },
        ],
        spec: 'backlog:late',
        bound: 3,
        message: TOO_SMALL,
      },
    ]),
);
