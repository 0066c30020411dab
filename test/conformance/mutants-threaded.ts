// Cold. Runs on: main.
// Mutants of threaded NAPI, and of what is set for an instance or a device.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const THREADED = 'napi/threaded.js';
const DEVICE = 'napi/device.js';
const NETIF_SET_THREADED = 'napi/netif-set-threaded.js';
const ROUND = 'cpu/napi-round.js';
const THREAD = 'cpu/napi-thread.js';

export const THREADED_MUTANTS: readonly Mutant[] = [
  ...mutants('____napi_schedule', 'threaded', SOFTNET, [
    ['to a thread: on no list, no NET_RX', 'T01', [/(thread\.wake\(\);\s*)return;/, '$1']],
    ['the thread is woken', 'T01', ['thread.wake();', '']],
    [
      'a re-schedule by MISSED, too',
      'T03',
      [
        /(this\.rescheduled = true;\s*)this\.napiScheduleHeld\(id\);/,
        '$1this.pollList.append(state.link); this.softirqs.raise(3);',
      ],
    ],
  ]),
  ...mutants('napi_set_threaded', 'threaded', THREADED, [
    [
      'on: nobody is waited for',
      'T02',
      [/if \(this\.mode !== 'disabled'\)\s*return this\.isOn \|\| this\.switchOn\(\);/, ''],
    ],
    ['on: THREADED', 'T01', ['state.set(NAPI_BITS.THREADED);', '']],
    [
      'on: first the thread',
      'T09: one',
      ['this.threads.ensure(this.state, this.device, this.napiId);', ''],
      ['state.set(NAPI_BITS.THREADED);', 'state.set(NAPI_BITS.THREADED); this.threads.ensure(state, this.device);'],
    ],
    ['THREADED_BUSY_POLL', 'T10: threaded', ['state.set(NAPI_BITS.THREADED_BUSY_POLL);', '0;']],
    ['and back', 'T11: back', ['state.clear(NAPI_BITS.THREADED_BUSY_POLL);', '0;']],
  ]),
  ...mutants('napi_stop_kthread', 'threaded', THREADED, [
    [
      'waits for the thread',
      'T05: switched',
      ['!this.left || (state.load() & NAPI_BITS.SCHED_THREADED) !== 0', '!this.left'],
    ],
    ['which then ends', 'T05: switched', ['return this.threads.stop(state);', 'return true;']],
  ]),
  ...mutants('napi_stop_kthread', 'threaded', STATE, [
    [
      'THREADED goes at once',
      'T05: switched',
      ['old & ~(THREADED | THREADED_BUSY_POLL);', 'old & ~THREADED_BUSY_POLL;'],
    ],
    ['THREADED_BUSY_POLL, too', 'T11: and', ['old & ~(THREADED | THREADED_BUSY_POLL);', 'old & ~THREADED;']],
    [
      'not while a softirq holds it',
      'T06: switched',
      ['(old & SCHED) !== 0 && (old & SCHED_THREADED) === 0 && !parked', 'false'],
    ],
    [
      'a disabled one is idle',
      'T06: a disabled',
      ['(old & SCHED_THREADED) === 0 && !parked', '(old & SCHED_THREADED) === 0'],
    ],
  ]),
  ...mutants('__napi_poll', 'threaded', 'napi/poll.js', [
    [
      'one that never completes stays with its softirq',
      'T04',
      [
        'napi.gro.flush(this.clock.hz',
        'if ((seen & 256) !== 0) { this.softnet.napiScheduleHeld(state.id); return false; } napi.gro.flush(this.clock.hz',
      ],
    ],
  ]),
  ...mutants('napi_threaded_poll', 'threaded', ROUND, [
    [
      'one poll, then others',
      'T07: always',
      ['const work = this.poller.poll(napi);', 'this.poller.poll(napi); const work = this.poller.poll(napi);'],
    ],
    [
      'bottom halves are off in a poll, and what is pending runs behind it',
      'T07: a softirq',
      ['softnet.softirqs.localBhDisable();', ''],
      ['softnet.softirqs.localBhEnable();', ''],
    ],
    ['IN_BUSY_POLL with THREADED_BUSY_POLL', 'T10: threaded', ['state.set(IN_BUSY_POLL);', '0;']],
    ['then the thread flushes GRO', 'T10: what', [/if \(busy\)\s*napi\.gro\.flush.*?;/, '']],
    ['only old ones where a jiffy is short', 'T10: what', ['flush(this.clock.hz >= HZ_FINE)', 'flush(false)']],
    ['all where it is long', 'T10: what', ['flush(this.clock.hz >= HZ_FINE)', 'flush(true)']],
    ['mode off: IN_BUSY_POLL goes', 'T11: back', ['state.clear(IN_BUSY_POLL);', '0;']],
    [
      'DISABLE: IN_BUSY_POLL goes',
      'T12',
      ['(THREADED_BUSY_POLL | DISABLE)) === THREADED_BUSY_POLL', 'THREADED_BUSY_POLL) !== 0'],
    ],
    ['its line has moved: IN_BUSY_POLL goes', 'T11: its', ['&& this.napi.isHome()', '']],
  ]),
  ...mutants('napi_thread_wait', 'threaded', THREAD, [
    ['sleeps when nothing is scheduled', 'T01', ['this.scheduler.leave(this.entity);', '0;']],
  ]),
  ...mutants('napi_thread_wait', 'threaded', STATE, [
    [
      'looks for SCHED_THREADED, not for SCHED',
      'T05: and when',
      [
        '(SCHED_THREADED | HOLDER)) === (SCHED_THREADED | (context << HOLDER_SHIFT))',
        '(SCHED | HOLDER)) === (SCHED | (context << HOLDER_SHIFT))',
      ],
    ],
    [
      'and for its own',
      'T13: nor',
      ['(SCHED_THREADED | HOLDER)) === (SCHED_THREADED | (context << HOLDER_SHIFT))', 'SCHED_THREADED) !== 0'],
    ],
  ]),
  ...mutants('____napi_schedule', 'threaded', STATE, [
    [
      'one whom a busy poller holds is not the thread’s',
      'T13: SCHED',
      ['(old & SCHED) === 0 ? old | SCHED |', '(old & SCHED) === 0 || (old & IN_BUSY_POLL) !== 0 ? old | SCHED |'],
    ],
  ]),
  ...mutants('netif_set_threaded', 'threaded', DEVICE, [
    ['sysfs: 0 or 1', 'T08', ['(value !== 0 && value !== 1)', 'false']],
    ['sysfs: not without instances', 'T08', ['this.listed.size === 0 ||', '']],
  ]),
  ...mutants('netif_set_threaded', 'threaded', NETIF_SET_THREADED, [
    ['no thread for one: none is threaded', 'T09: no', ["this.mode = 'disabled';", '']],
    ['and the error is returned', 'T09: no', [/if \(this\.failure !== null\)\s*throw this\.failure;/, '']],
  ]),
  ...mutants('napi_kthread_create', 'threaded', THREADED, [
    ['named by the id that it has by then', 'one that', ['{napiId}`', '{state.id}`']],
  ]),
];

export const CONFIG_MUTANTS: readonly Mutant[] = [
  ...mutants('netdev_set_gro_flush_timeout', 'config', DEVICE, [
    [
      'every instance',
      'M11: a write',
      [/for \(const state of this\.listed\.keys\(\)\)\s*write\(state, tunables\);/, ''],
    ],
    ['every config', 'M11: and', ['[this.defaults, ...this.configs]', '[this.defaults]']],
    ['and the device’s default', 'M11: and', ['[this.defaults, ...this.configs]', 'this.configs']],
  ]),
  ...mutants('netif_set_threaded', 'config', DEVICE, [
    ['every config', 'M11: threaded', [/for \(const config of this\.configs\)\s*config\.threaded = made;/, '']],
  ]),
  ...mutants('netdev_set_defer_hard_irqs', 'config', DEVICE, [
    ['over S32_MAX: ERANGE', 'M13', ['value > max', 'false']],
    ['below 0: EINVAL', 'M13', ['!Number.isInteger(value) || value < 0', '!Number.isInteger(value)']],
  ]),
  ...mutants('napi_save_config', 'config', DEVICE, [
    ['what is set persists', 'with an index', ['Object.assign(config, this.tunables(state));', '0;']],
  ]),
  ...mutants('napi_restore_config', 'config', DEVICE, [
    ['so does the id', 'with an index', ['state.napiId = config.napiId;', '']],
  ]),
];
