// Cold. Runs on: main.
// Mutants of what the kernel's tables say beside their main rules: which bit stays, what is traced, what is looked at once.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const NET_RX = 'napi/net-rx-action.js';
const POLL = 'napi/poll.js';
const CONTROL = 'napi/control.js';
const NETPOLL = 'napi/netpoll.js';
const SYSCTL = 'napi/sysctl.js';
const SOFTIRQ = 'softirq/softirq.js';

export const TABLES_MUTANTS: readonly Mutant[] = [
  ...mutants('netif_napi_add', 'state', STATE, [
    ['LISTED is set', 'S12: freshly', ['LISTED | SCHED | NPSVC | (PARKED', 'SCHED | NPSVC | (PARKED']],
    [
      'bits that nobody clears stay',
      'added again',
      [/Atomics\.or(?=\(this\.words, this\.base \+ STATE, LISTED)/, 'Atomics.store'],
    ],
  ]),
  ...mutants('napi_disable', 'edges-state', STATE, [
    [
      'MISSED stays',
      '1.3: DISABLE on an idle',
      ['THREADED_BUSY_POLL | PREFER_BUSY_POLL);', 'THREADED_BUSY_POLL | MISSED | PREFER_BUSY_POLL);'],
    ],
  ]),
  ...mutants('napi_hash_add', 'busy-poll', CONTROL, [
    [
      'not one with NO_BUSY_POLL',
      'B10: disabled, unknown',
      [/if \(\(state\.load\(\) & NAPI_BITS\.NO_BUSY_POLL\) !== 0\)\s*return;/, ''],
    ],
  ]),
  ...mutants('poll_napi', 'state', NETPOLL, [
    [
      'NPSVC is set',
      'S22: disable',
      ['if (state.set(NAPI_BITS.NPSVC) !== 0)', 'if ((state.load() & NAPI_BITS.NPSVC) !== 0)'],
    ],
    [
      'also one that nobody has scheduled',
      'S21: netpoll',
      ['if (state.set(NAPI_BITS.NPSVC) !== 0)', 'if ((state.load() & 1) === 0 || state.set(NAPI_BITS.NPSVC) !== 0)'],
    ],
    ['traced with budget 0', 'S21: netpoll', ['trace.napiPoll(state.id, work, 0);', '0;']],
  ]),
  ...mutants('napi_schedule', 'state', SOFTNET, [
    [
      'says whether it was idle',
      'S06: enable',
      [
        /(if \(!this\.napiSchedulePrep\(id\)\)\s*return false;\s*this\.napiScheduleHeld\(id\);\s*return) true;/,
        '$1 false;',
      ],
    ],
  ]),
  ...mutants('____napi_schedule', 'state', SOFTNET, [
    [
      'to a thread: list_owner is not set',
      'a threaded one',
      ['thread.wake();', 'state.listOwner = this.context; thread.wake();'],
    ],
  ]),
  ...mutants('__napi_poll', 'edges-state', POLL, [
    [
      'no SCHED: no trace',
      '1.4: not polled',
      [
        /if \(\(state\.load\(\) & SCHED\) === 0\)\s*return 0;/,
        'if ((state.load() & SCHED) === 0) { this.trace.napiPoll(state.id, 0, weight); return 0; }',
      ],
    ],
    [
      'traced with its work and weight',
      '1.4: weight 1: a poll',
      ['this.trace.napiPoll(state.id, work, weight);', 'this.trace.napiPoll(state.id, work, 64);'],
    ],
    [
      'more than the weight: polled again',
      '1.4: weight 1 and 2',
      ['this.repoll = work >= weight &&', 'this.repoll = work === weight &&'],
    ],
  ]),
  ...mutants('__napi_poll', 'state', POLL, [
    ['and not said again', 'S16: returns', ["this.printk.once('exceeding', line);", 'this.printk.print(line);']],
    [
      'DISABLE at full budget, and MISSED: once more',
      'S09: one',
      ['this.softnet.napiCompleteDone(state.id, 0);', 'state.clear(2); this.softnet.napiCompleteDone(state.id, 0);'],
    ],
  ]),
  ...mutants('napi_complete_done', 'threaded', STATE, [
    [
      '6: MISSED: SCHED_THREADED goes all the same',
      'T05: and when',
      ['? old & ~(MISSED | SCHED_THREADED | PREFER_BUSY_POLL)', '? old & ~(MISSED | PREFER_BUSY_POLL)'],
    ],
  ]),
  ...mutants('napi_complete_done', 'edges-state', STATE, [
    [
      '6: MISSED: PREFER_BUSY_POLL goes all the same',
      '1.4: PREFER_BUSY_POLL and MISSED',
      ['? old & ~(MISSED | SCHED_THREADED | PREFER_BUSY_POLL)', '? old & ~(MISSED | SCHED_THREADED)'],
    ],
  ]),
  ...mutants('net_rx_action', 'config', NET_RX, [
    [
      'netdev_budget is that of its beginning',
      'a sysctl is in force',
      ['budget -= work;', 'budget = Math.min(budget, this.sysctls.budget) - work;'],
    ],
  ]),
  ...mutants('net_rx_action', 'edges-softirq', NET_RX, [
    [
      'so is netdev_budget_usecs',
      '2: netdev_budget_usecs changed',
      [/const timeLimit = (.*);/, 'const begun = clock.jiffies; const limit = () => $1 - clock.jiffies + begun;'],
      ['- timeLimit)', '- limit())'],
    ],
  ]),
  ...mutants('net_rx_action', 'softirq', NET_RX, [
    [
      'time is not begun anew within',
      'N09: or two',
      ['const timeLimit', 'let timeLimit'],
      ['local.splice(pollList); // All', 'local.splice(pollList); timeLimit = (clock.jiffies + 2) | 0; // All'],
    ],
  ]),
  ...mutants('sysctl_net_core', 'config', SYSCTL, [
    [
      'netdev_budget: no range check',
      'sysctls: the',
      ['value: () => 300, min: () => S32_MIN', 'value: () => 300, min: () => 0'],
    ],
    ['netdev_budget_usecs: two jiffies at least', 'sysctls: the', ['min: twoJiffies', 'min: () => 1']],
    ['and by default', 'sysctls: the', ['value: twoJiffies', 'value: () => 2000']],
  ]),
  ...mutants('sysctl_net_core', 'backlog', 'net/backlog.js', [
    [
      'dev_weight is not the drivers’',
      'R08',
      [
        'softnet.napis[this.id].weight = sysctls.devRxWeight;',
        'for (const n of softnet.napis) n.weight = sysctls.devRxWeight;',
      ],
    ],
  ]),
  ...mutants('handle_softirqs', 'edges-softirq', SOFTIRQ, [
    [
      'traced on entry, before it runs',
      '3.4: traced',
      [/if \(this\.trace !== null\)\s*this\.trace\.softirqEntry\(vector\);/, ''],
      ['this.actions[vector]?.run();', 'this.actions[vector]?.run(); this.trace.softirqEntry(vector);'],
    ],
    ['and on exit', '3.4: traced', [/if \(this\.trace !== null\)\s*this\.trace\.softirqExit\(vector\);/, '']],
    [
      'the time is that of its own beginning',
      '3.4: the time',
      [
        'const end = (this.clock.jiffies + this.maxJiffies) | 0;',
        'this.end ??= (this.clock.jiffies + this.maxJiffies) | 0; const { end } = this;',
      ],
    ],
  ]),
];
