// Cold. Runs on: main.
// Mutants of rules that only show at their edges.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const BUSY = 'napi/busy-poll.js';
const DEVICE = 'napi/device.js';
const SOFTIRQ = 'softirq/softirq.js';

export const EDGES_MUTANTS: readonly Mutant[] = [
  ...mutants('napi_schedule_prep', 'edges-state', STATE, [
    [
      'NPSVC refuses nobody',
      '1.3: NPSVC',
      [/if \(\(old & DISABLE\) !== 0\)(?=\s*return false;\s*const next)/, 'if ((old & (DISABLE | NPSVC)) !== 0)'],
    ],
  ]),
  ...mutants('__napi_poll', 'edges-state', 'napi/poll.js', [
    [
      'DISABLE before PREFER_BUSY_POLL',
      '1.4: DISABLE comes',
      ['if ((seen & DISABLE) !== 0)', 'if ((seen & DISABLE) !== 0 && (seen & PREFER_BUSY_POLL) === 0)'],
    ],
  ]),
  ...mutants('napi_complete_done', 'edges-state', SOFTNET, [
    [
      '1: nothing is touched then',
      '1.5: while NPSVC',
      [
        /\(NPSVC \| IN_BUSY_POLL\)\) !== 0\)\s*return false;/,
        '(NPSVC | IN_BUSY_POLL)) !== 0) { gro.flush(true); return false; }',
      ],
    ],
    [
      '3: the count runs down without a timeout, too',
      '1.5: a count',
      ['if (deferCount > 0)', 'if (deferCount > 0 && state.groFlushTimeoutNs !== 0)'],
    ],
  ]),
  ...mutants('napi_complete_done', 'edges-state', STATE, [
    [
      '6: no other bit',
      '1.5: bits',
      [': old & ~(SCHED | SCHED_THREADED |', ': old & ~(SCHED | THREADED_BUSY_POLL | SCHED_THREADED |'],
    ],
  ]),
  ...mutants('napi_enable', 'edges-state', STATE, [
    [
      'PREFER_BUSY_POLL is not cleared',
      '1.6: a PREFER',
      ['old & ~(SCHED | NPSVC | HOLDER)', 'old & ~(SCHED | NPSVC | HOLDER | PREFER_BUSY_POLL)'],
    ],
  ]),
  ...mutants('napi_disable', 'edges-state', STATE, [
    ['the count of deferrals stays', '1.6: disabling and', ['~DISABLE);', '~DISABLE); this.deferCount = 0;']],
  ]),
  ...mutants('net_rx_action', 'edges-softirq', 'napi/net-rx-action.js', [
    [
      'time ends it when jiffies wrap, too',
      '2: the time limit when',
      ['((clock.jiffies - timeLimit) | 0) >= 0', 'clock.jiffies >= timeLimit'],
    ],
  ]),
  ...mutants('usecs_to_jiffies', 'edges-softirq', 'runtime/clock.js', [
    ['rounds up', '2: netdev_budget_usecs', ['Math.ceil(', 'Math.round(']],
  ]),
  ...mutants('ksoftirqd', 'edges-softirq', SOFTIRQ, [
    ['runs nothing when others were first', '3.5: awake', ['const due = this.pending !== 0;', 'const due = true;']],
  ]),
  ...mutants('local_bh_enable', 'edges-softirq', SOFTIRQ, [
    [
      'inline with forced threads, too',
      '3.3: forced',
      [
        'if (this.pending !== 0 && !this.preempt.inInterrupt)',
        'if (this.pending !== 0 && !this.preempt.inInterrupt && !this.seams.threadIrqs)',
      ],
    ],
  ]),
  ...mutants('napi_busy_loop', 'edges-modes', STATE, [
    [
      'a stale MISSED refuses nobody',
      '4.2: a stale',
      ['(DISABLE | SCHED | IN_BUSY_POLL)', '(DISABLE | SCHED | IN_BUSY_POLL | MISSED)'],
    ],
  ]),
  ...mutants('busy_poll_stop', 'edges-modes', STATE, [
    [
      'work left, armed: MISSED stays',
      '4.2: MISSED in the last poll, which uses',
      ['~(SCHED | HOLDER));', '~(SCHED | MISSED | HOLDER));'],
    ],
  ]),
  ...mutants('busy_poll_stop', 'edges-modes', BUSY, [
    ['exactly its budget is work left', '4.2: the last poll returns', ['if (work === budget)', 'if (work >= budget)']],
  ]),
  ...mutants('napi_resume_irqs', 'edges-modes', SOFTNET, [
    [
      'as an event: MISSED',
      '4.3: resumed while somebody',
      [
        /this\.softirqs\.localBhDisable\(\);\s*this\.napiSchedule\(id\);/,
        'this.softirqs.localBhDisable(); if (this.napis[id].state.scheduleRelaxed(this.context)) this.napiScheduleHeld(id);',
      ],
    ],
  ]),
  ...mutants('sk_setsockopt', 'edges-modes', 'napi/busy-params.js', [
    [
      'EPERM before EINVAL',
      '4.2: a budget over all',
      ['next.budget > now.budget', 'next.budget > now.budget && next.budget <= U16_MAX'],
    ],
  ]),
  ...mutants('napi_thread_wait', 'edges-threaded', 'cpu/napi-thread.js', [
    [
      'one that did not complete is polled again',
      '4.4: returns 10',
      ['if (!this.round.isScheduled)', 'if (!this.round.isScheduled || work < 64)'],
    ],
  ]),
  ...mutants('napi_kthread_create', 'edges-threaded', DEVICE, [
    [
      'named by the id that a disabled one had',
      '4.4: sysfs on a disabled',
      ['ensure(state, this.name, this.idOf(state))', 'ensure(state, this.name)'],
    ],
  ]),
  ...mutants('netdev_store', 'edges-threaded', DEVICE, [
    [
      'what cannot be read: EINVAL, whatever the file',
      '4.1: what sysfs',
      [
        'if (!Number.isInteger(value) || value < 0)',
        "if (file !== 'threaded' && (!Number.isInteger(value) || value < 0))",
      ],
    ],
  ]),
];
