// Cold. Runs on: main.
// One mutant for each rule: the line that carries it, broken; and the test that dies of it. docs/kernel-map.md lists them.

import { type Mutant, mutants } from './mutant-rows.js';
import { BACKLOG_MUTANTS } from './mutants-backlog.js';
import { EDGES_MUTANTS } from './mutants-edges.js';
import { EDGES_BACKLOG_MUTANTS } from './mutants-edges-backlog.js';
import { HOTPLUG_MUTANTS } from './mutants-hotplug.js';
import { BUSY_POLL_MUTANTS, MITIGATION_MUTANTS } from './mutants-modes.js';
import { TABLES_MUTANTS } from './mutants-tables.js';
import { CONFIG_MUTANTS, THREADED_MUTANTS } from './mutants-threaded.js';

const STATE = 'napi/state.js';
const WORDS = 'napi/words.js';
const SOFTNET = 'napi/softnet.js';
const NET_RX = 'napi/net-rx-action.js';
const POLL = 'napi/poll.js';
const CONTROL = 'napi/control.js';
const NETPOLL = 'napi/netpoll.js';
const SOFTIRQ = 'softirq/softirq.js';

const NEXT_DONE = ': old & ~(SCHED | SCHED_THREADED | PREFER_BUSY_POLL | HOLDER);';

export const MUTANTS: readonly Mutant[] = [
  ...mutants('napi_schedule_prep', 'state', STATE, [
    [
      'DISABLE: refused, and no trace is left',
      'S04',
      [/if \(\(old & DISABLE\) !== 0\)\s*return false;\s*const next/, 'const next'],
    ],
    [
      'no SCHED: a stale MISSED survives',
      'S06: an interrupt',
      ['? old | SCHED | (context', '? (old & ~MISSED) | SCHED | (context'],
    ],
    ['no SCHED: the caller owns it', 'S01', ['? old | SCHED | (context', '? old | (context']],
    ['SCHED: MISSED is set', 'S01', [': old | MISSED;', ': old;']],
    ['SCHED: the caller does not own it', 'S01', ['return (old & SCHED) === 0;', 'return true;']],
    ['the owner is who made the change', 'S24', ['(context << HOLDER_SHIFT) : old', '0 : old']],
  ]),
  ...mutants('napi_if_scheduled_mark_missed', 'state', STATE, [
    [
      'only where SCHED is set',
      'mark_missed',
      [/if \(\(old & SCHED\) === 0\)\s*return false;\s*if \(Atomics/, 'if (Atomics'],
    ],
    ['not while DISABLE is set', 'mark_missed', [/if \(\(old & DISABLE\) !== 0\)\s*return true;/, '']],
    ['MISSED is set', 'mark_missed', ['old, old | MISSED) === old', 'old, old) === old']],
  ]),
  ...mutants('____napi_schedule', 'state', SOFTNET, [
    ['a threaded instance goes to its thread', 'a threaded one', ['thread !== null &&', 'thread === undefined &&']],
    ['SCHED_THREADED before the thread is woken', 'a threaded one', ['state.set(SCHED_THREADED);', '']],
    ['list_owner is the CPU that schedules', 'S24', ['state.listOwner = this.context;', '']],
  ]),
  ...mutants('____napi_schedule', 'softirq', SOFTNET, [
    ['no raise within net_rx_action', 'N12: work is left', ['if (!this.inNetRxAction)', 'if (true)']],
    ['else NET_RX is raised', 'N13', ['this.softirqs.raise(NET_RX_SOFTIRQ)', '0']],
    ['and ksoftirqd woken where nobody else would run it', 'N13', ['this.softirqs.raise(', 'this.softirqs.mark(']],
  ]),
  ...mutants('list_add_tail', 'softirq', 'napi/poll-list.js', [
    [
      'a scheduled instance joins at the end',
      'N02',
      [
        /join\(words, words\[head \+ PREV\], link\);\s*join\(words, link, head\);/,
        'join(words, link, words[head + NEXT]); join(words, head, link);',
      ],
    ],
  ]),
  ...mutants('__napi_poll', 'state', POLL, [
    ['no SCHED: not polled', 'S18', [/if \(\(state\.load\(\) & SCHED\) === 0\)\s*return 0;/, '']],
    ['more than the weight: said once', 'S16: returns', ['if (work > weight)', 'if (false)']],
    ['DISABLE at full budget: completed', 'S09: one', ['if ((seen & DISABLE) !== 0)', 'if (false)']],
    ['as an empty poll', 'S09: that last', ['napiCompleteDone(state.id, 0)', 'napiCompleteDone(state.id, work)']],
    ['under budget: left to the driver', 'S15', ['work >= weight &&', 'true &&']],
  ]),
  ...mutants('__napi_poll', 'state', NET_RX, [
    [
      'what is over the weight is charged in full',
      'S16: returns',
      ['budget -= work;', 'budget -= Math.min(work, 64);'],
    ],
  ]),
  ...mutants('__napi_poll', 'softirq', POLL, [
    [
      'PREFER_BUSY_POLL at full budget: completed',
      'PREFER_BUSY_POLL with',
      ['if ((seen & PREFER_BUSY_POLL) !== 0)', 'if (false)'],
    ],
    ['and scheduled anew when nobody else will', 'PREFER_BUSY_POLL at', ['this.softnet.napiSchedule(state.id);', '0;']],
    [
      'but not when a timer will',
      'PREFER_BUSY_POLL with',
      [/if \(this\.softnet\.napiCompleteDone\(state\.id, work\)\)/, 'this.softnet.napiCompleteDone(state.id, work);'],
    ],
    ['GRO is flushed at full budget', 'GRO at', ['napi.gro.flush(this.clock.hz >= HZ_FINE);', '']],
    ['only old ones where a jiffy is short', 'GRO at', ['flush(this.clock.hz >= HZ_FINE)', 'flush(false)']],
    ['all where it is long', 'GRO at', ['flush(this.clock.hz >= HZ_FINE)', 'flush(true)']],
    ['listed already: not listed twice', 'rescheduled', [/if \(!state\.isLinked\(\)\)\s*return true;/, 'return true;']],
    ['and said once', 'rescheduled', ["this.printk.once('rescheduled'", "(() => {})('rescheduled'"]],
  ]),
  ...mutants('napi_complete_done', 'state', SOFTNET, [
    ['1: false while NPSVC is set', 'S20: netpoll', ['(NPSVC | IN_BUSY_POLL)', 'IN_BUSY_POLL']],
    ['1: false while IN_BUSY_POLL is set', 'S20: so', ['(NPSVC | IN_BUSY_POLL)', 'NPSVC']],
    ['2: held packets: the flush timeout', 'complete_done: held', ['if (gro.held !== 0)', 'if (false)']],
    ['2: only after work', 'complete_done: held', ['if (work !== 0) {', 'if (true) {']],
    ['2: work begins the deferral anew', 'complete_done: what', ['state.deferCount = state.deferHardIrqs;', '']],
    ['3: each completion takes one off', 'complete_done: what', ['deferCount - 1', 'deferCount']],
    ['3: false while it lasts', 'complete_done: what', ['unmask = timeoutNs === 0;', '']],
    ['3: unless there is no timeout', 'complete_done: a deferral', ['unmask = timeoutNs === 0;', 'unmask = false;']],
    [
      '4: with a timeout only old ones are flushed',
      'complete_done: what',
      ['gro.flush(timeoutNs !== 0);', 'gro.flush(false);'],
    ],
    ['4: without one, all', 'complete_done: what', ['gro.flush(timeoutNs !== 0);', 'gro.flush(true);']],
    [
      '4: before SCHED is let go',
      'complete_done: what',
      ['gro.flush(timeoutNs !== 0);', ''],
      ['if (!state.complete(seen)) {', 'const kept = !state.complete(seen); gro.flush(timeoutNs !== 0); if (kept) {'],
    ],
    ['5: list_owner is reset', 'S24', ['state.listOwner = -1;', '']],
    [
      '7: MISSED: scheduled once more',
      'S02',
      [/this\.napiScheduleHeld\(id\);\s*return false;\s*\}\s*if \(timeoutNs/, 'return false; } if (timeoutNs'],
    ],
    ['7: and false', 'S02', [/return false;(\s*\}\s*if \(timeoutNs)/, 'return true;$1']],
    [
      '7: and no timer',
      'complete_done: MISSED',
      ['if (!state.complete(seen)) {', 'if (timeoutNs !== 0) timer.start(timeoutNs); if (!state.complete(seen)) {'],
    ],
    [
      '8: the timer is started',
      'complete_done: what',
      [/if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);(?=\s*return unmask)/, ''],
    ],
  ]),
  ...mutants('napi_complete_done', 'softirq', SOFTNET, [
    ['5: taken off the list', 'completed although', [/if \(state\.isLinked\(\)\)\s*state\.unlink\(\);/, '']],
  ]),
  ...mutants('napi_complete_done', 'state', STATE, [
    [
      '6: of one that is not scheduled: a warning',
      'complete_done: of one',
      [/if \(\(old & SCHED\) === 0\)\s*throw new NapiError\('napi_complete_done'.*?\);/, ''],
    ],
    ['6: MISSED keeps SCHED', 'S02', ['const missed = (old & MISSED) !== 0;', 'const missed = false;']],
    ['6: and is cleared', 'S02', ['? old & ~(MISSED | SCHED_THREADED', '? old & ~(SCHED_THREADED']],
    ['6: SCHED is cleared', 'S02', [NEXT_DONE, ': old & ~(SCHED_THREADED | PREFER_BUSY_POLL);']],
    ['6: SCHED_THREADED too', 'a threaded one', [NEXT_DONE, ': old & ~(SCHED | PREFER_BUSY_POLL | HOLDER);']],
  ]),
  ...mutants('napi_complete_done', 'softirq', STATE, [
    ['6: PREFER_BUSY_POLL too', 'PREFER_BUSY_POLL at', [NEXT_DONE, ': old & ~(SCHED | SCHED_THREADED | HOLDER);']],
  ]),
  ...mutants('netif_napi_add', 'state', STATE, [
    ['listed already: no effect', 'S13', [/if \(\(old & LISTED\) !== 0\)\s*throw new NapiError\(.*?\);/, '']],
    ['born with SCHED', 'S12: freshly', ['LISTED | SCHED | NPSVC | (PARKED', 'LISTED | NPSVC | (PARKED']],
    ['born with NPSVC', 'S12: freshly', ['LISTED | SCHED | NPSVC | (PARKED', 'LISTED | SCHED | (PARKED']],
  ]),
  ...mutants('netif_napi_add', 'state', WORDS, [
    ['list_owner is nobody', 'S12: freshly', ['this.listOwner = NO_CPU;', '']],
  ]),
  ...mutants('netif_napi_add', 'state', CONTROL, [
    ['a weight over 64 is said', 'S17', ['if (weight > NAPI_POLL_WEIGHT)', 'if (false)']],
  ]),
  ...mutants('napi_enable', 'state', STATE, [
    ['not disabled: BUG', 'S11', [/if \(\(old & SCHED\) === 0\)\s*throw new NapiError\('napi_enable'.*?\);/, '']],
    ['SCHED is cleared', 'S06: enable', ['(old & ~(SCHED | NPSVC | HOLDER))', '(old & ~NPSVC)']],
    ['NPSVC is cleared', 'S06: enable', ['(old & ~(SCHED | NPSVC | HOLDER))', '(old & ~(SCHED | HOLDER))']],
    [
      'MISSED is not',
      'S06: an interrupt',
      ['(old & ~(SCHED | NPSVC | HOLDER))', '(old & ~(SCHED | NPSVC | HOLDER | MISSED))'],
    ],
    ['THREADED where there is a thread', 'a threaded one', ['(threaded ? THREADED : 0)', '0']],
  ]),
  ...mutants('napi_enable', 'state', CONTROL, [
    ['gets an id', 'S12: freshly', ['ids.assign(state);', '{}']],
    ['that nobody has', 'S12: ids', ['state.napiId = this.last;', 'state.napiId = this.min;']],
  ]),
  ...mutants('napi_disable', 'state', STATE, [
    ['DISABLE is set first', 'S04', ['this.base + STATE, DISABLE)', 'this.base + STATE, 0)']],
    ['waits for SCHED', 'S07: a poll', ['if ((old & (SCHED | NPSVC)) !== 0)', 'if ((old & NPSVC) !== 0)']],
    ['waits for NPSVC', 'S22: disable', ['if ((old & (SCHED | NPSVC)) !== 0)', 'if ((old & SCHED) !== 0)']],
    ['parks SCHED', 'S07: a poll', ['const next = (old | SCHED | NPSVC |', 'const next = (old | NPSVC |']],
    ['parks NPSVC', 'S07: a poll', ['const next = (old | SCHED | NPSVC |', 'const next = (old | SCHED |']],
    ['clears THREADED', 'S07: once', ['& ~(THREADED | THREADED_BUSY_POLL |', '& ~(THREADED_BUSY_POLL |']],
    ['clears THREADED_BUSY_POLL', 'S07: once', ['& ~(THREADED | THREADED_BUSY_POLL |', '& ~(THREADED |']],
    ['clears PREFER_BUSY_POLL', 'S07: once', ['THREADED_BUSY_POLL | PREFER_BUSY_POLL);', 'THREADED_BUSY_POLL);']],
    ['DISABLE is cleared last', 'S07: a poll', ['~DISABLE', '~0']],
  ]),
  ...mutants('napi_disable', 'state', CONTROL, [
    [
      'twice: never returns, and says so',
      'S10',
      [/if \(!this\.parked && \(state\.load\(\) & PARKED_MASK\) === PARKED_STATE\)\s*throw.*?;/, ''],
    ],
    ['cancels the timer', 'S07: once', ['if (!state.cancelTimer())', 'if (false)']],
    ['takes its id away', 'S12: freshly', ['state.napiId = 0;', '']],
  ]),
  ...mutants('napi_synchronize', 'state', CONTROL, [
    ['waits for SCHED', 'S23', ['return (this.state.load() & NAPI_BITS.SCHED) === 0;', 'return true;']],
  ]),
  ...mutants('netif_napi_del', 'state', CONTROL, [
    ['LISTED is cleared', 'S14', ['state.clear(NAPI_BITS.LISTED) === 0', '(state.load() & NAPI_BITS.LISTED) === 0']],
    ['nothing where it is not listed', 'S14', [/if \((state\.clear\(NAPI_BITS\.LISTED\)) === 0\)\s*return;/, '$1;']],
    ['not disabled: a warning', 'S14', [/if \(\(now & NAPI_BITS\.SCHED\) === 0\)\s*throw.*?;/, '']],
  ]),
  ...mutants('poll_napi', 'state', NETPOLL, [
    [
      'not a disabled one',
      'S22: netpoll',
      [/if \(state\.set\(NAPI_BITS\.NPSVC\) !== 0\)\s*return;/, 'state.set(NAPI_BITS.NPSVC);'],
    ],
    ['with budget 0', 'S21: netpoll', ['poll.poll(0)', 'poll.poll(64)']],
    ['work is said', 'S21: netpoll', ['if (work !== 0)', 'if (false)']],
    ['NPSVC is cleared', 'S21: netpoll', ['state.clear(NAPI_BITS.NPSVC);', '']],
    ['not one that is polled', 'S21: a poll', ['if (!napi.state.tryPollOwner(cpu))', 'if (false)']],
  ]),
  ...mutants('netpoll_poll_lock', 'state', POLL, [
    [
      'a poll takes turns with netpoll',
      'S21: a poll',
      [/if \(napi\.netpoll\)\s*netpollPollLock\(napi, this\.softnet\.context\);/, ''],
    ],
  ]),
  ...mutants('net_rx_action', 'softirq', NET_RX, [
    ['the budget ends it when it is used up', 'N05', ['budget <= 0', 'budget < 0']],
    ['also when nothing is left', 'N05', ['if (budget <= 0 ||', 'if ((budget <= 0 && !local.isEmpty()) ||']],
    [
      'looked at behind each poll, not before',
      'N06: at least',
      ['const work = this.napiPoll', 'if (budget < 64) break; const work = this.napiPoll'],
    ],
    ['time ends it on the jiffy', 'N11: the limit', ['- timeLimit) | 0) >= 0', '- timeLimit) | 0) > 0']],
    [
      'netdev_budget_usecs in jiffies of HZ',
      'N11: the limit',
      ['usecsToJiffies(this.sysctls.budgetUsecs, clock.hz)', 'usecsToJiffies(this.sysctls.budgetUsecs, 1000)'],
    ],
    [
      'budget is not begun anew within',
      'N09: budget',
      ['local.splice(pollList); // All', 'local.splice(pollList); budget = this.sysctls.budget; // All'],
    ],
    ['time_squeeze counts both', 'N03', [/this\.doubles\[this\.timeSqueeze\] = .*?;/, '']],
    ['all have completed and new ones came: goes on', 'N08: all', ['!repoll.isEmpty() || pollList.isEmpty()', 'true']],
    ['not while one has more to do', 'N08: while', ['!repoll.isEmpty() || pollList.isEmpty()', 'pollList.isEmpty()']],
    ['each is polled once', 'N02', ['this.softnet.repoll.append', 'this.softnet.pollList.append']],
    [
      'the unpolled come first',
      'fairness',
      [
        /local\.splice\(pollList\);\s*local\.splice\(repoll\);\s*pollList\.splice\(local\);/,
        'pollList.splice(local); pollList.splice(repoll);',
      ],
    ],
    [
      'the newly scheduled before the repollers',
      'N07',
      [/local\.splice\(pollList\);\s*local\.splice\(repoll\);/, 'local.splice(repoll); local.splice(pollList);'],
    ],
    ['in_net_rx_action from the beginning', 'N08: all', ['softnet.inNetRxAction = true;', '']],
    [
      'it stays when work is left',
      'N12: work',
      ['if (pollList.isEmpty())', 'this.softnet.inNetRxAction = false; if (pollList.isEmpty())'],
    ],
    ['and goes when none is', 'N12: nothing', ['this.softnet.inNetRxAction = false;', '0;']],
    ['NET_RX is raised for what is left', 'N02', ['softirqs.mark(NET_RX_SOFTIRQ);', '0;']],
    ['interrupts come between two polls', 'N08: all', ['this.seams.deliver();', '']],
  ]),
  ...mutants('raise_softirq_irqoff', 'softirq', SOFTIRQ, [
    [
      'wakes ksoftirqd outside of interrupts',
      'N13',
      ['if (!this.preempt.inInterrupt)\n            this.wake', 'if (false)\n            this.wake'],
    ],
    [
      'and only there',
      'N14',
      ['if (!this.preempt.inInterrupt)\n            this.wake', 'if (true)\n            this.wake'],
    ],
    ['a woken one is not woken again', 'N13', [/if \(this\.ksoftirqdRunnable\)\s*return;/, '']],
  ]),
  ...mutants('irq_exit', 'softirq', SOFTIRQ, [
    ['runs what is pending', 'N15: a nested', ['if (this.pending === 0 || this.preempt.inInterrupt)', 'if (true)']],
    [
      'not over a softirq, over bottom halves, or nested',
      'N15: an interrupt over bottom',
      ['if (this.pending === 0 || this.preempt.inInterrupt)', 'if (this.pending === 0)'],
    ],
    ['forced threads: ksoftirqd does', 'N22', ['if (this.seams.threadIrqs)', 'if (false)']],
    [
      'although ksoftirqd is runnable',
      'inline goes on',
      [
        'if (this.pending === 0 || this.preempt.inInterrupt)',
        'if (this.pending === 0 || this.preempt.inInterrupt || this.ksoftirqdRunnable)',
      ],
    ],
  ]),
  ...mutants('local_bh_enable', 'softirq', SOFTIRQ, [
    ['runs what is pending', 'N14', ['if (this.pending !== 0 && !this.preempt.inInterrupt)', 'if (false)']],
    ['the outermost only', 'N14', ['if (this.pending !== 0 && !this.preempt.inInterrupt)', 'if (this.pending !== 0)']],
    ['not in a hard interrupt', 'local_bh_enable', ['this.preempt.inHardirq || !this', '!this']],
  ]),
  ...mutants('handle_softirqs', 'softirq', SOFTIRQ, [
    [
      'the mask is taken, then run',
      'N17',
      [/let pending = this\.pending;\s*this\.words\[this\.base \+ PENDING\] = 0;/, 'let pending = this.pending;'],
    ],
    [
      'what is raised meanwhile waits for the next pass',
      'N18',
      [
        'while (pending !== 0) {',
        'while (((pending |= this.pending), (this.words[this.base + PENDING] = 0), pending) !== 0) {',
      ],
    ],
    [
      'lowest vector first',
      'N17',
      ['31 - Math.clz32(pending & -pending)', '31 - Math.clz32(pending)'],
      ['pending &= pending - 1;', 'pending &= ~(1 << vector);'],
    ],
    ['each run is counted', 'N17', [/this\.doubles\[this\.runs \+ vector\] = .*?;/, '']],
    ['ten passes', 'N19: one', ['MAX_SOFTIRQ_RESTART = 10', 'MAX_SOFTIRQ_RESTART = 11']],
    ['two milliseconds', 'N20: 2 ms', ['MAX_SOFTIRQ_USECS = 2000', 'MAX_SOFTIRQ_USECS = 1000']],
    [
      'in jiffies of HZ',
      'N20: 2 ms',
      ['usecsToJiffies(MAX_SOFTIRQ_USECS, clock.hz)', 'usecsToJiffies(MAX_SOFTIRQ_USECS, 1000)'],
    ],
    ['the limit is on the jiffy', 'N20: two', ['- end) | 0) < 0', '- end) | 0) <= 0']],
    ['need_resched ends it', 'N21: need', ['!this.seams.needResched() &&', '']],
    [
      'if there is more to do',
      'N21: it',
      [
        'if (this.pending === 0)\n                break;',
        'if (this.seams.needResched()) { this.wakeKsoftirqd(); break; } if (this.pending === 0) break;',
      ],
    ],
    ['then ksoftirqd goes on', 'N01', [/this\.wakeKsoftirqd\(\);\s*break;/, 'break;']],
    [
      'interrupts come between two passes',
      'a delivery point',
      [/this\.pass\(\);\s*this\.seams\.deliver\(\);/, 'this.pass();'],
    ],
    [
      'it does not nest',
      'N15: an interrupt over a softirq',
      ['this.preempt.enterSoftirq();', ''],
      ['this.preempt.leaveSoftirq();', ''],
    ],
    [
      'a preempt count that leaks is told and restored',
      'a handler',
      ['if (this.preempt.value !== before)', 'if (false)'],
    ],
  ]),
  ...mutants('ksoftirqd', 'softirq', SOFTIRQ, [
    [
      'sleeps when nothing is pending',
      'N13',
      [/if \(this\.pending === 0\)\s*this\.words\[this\.base \+ KSOFTIRQD\] = 0;/, ''],
    ],
    [
      'stays awake while something is',
      'N01',
      [/if \(this\.pending === 0\)(\s*this\.words\[this\.base \+ KSOFTIRQD\] = 0;)/, '$1'],
    ],
  ]),
  ...mutants('ksoftirqd', 'tasks', SOFTIRQ, [
    [
      'cond_resched after each handle_softirqs',
      'N24: cond_resched',
      [
        /this\.handleSoftirqs\(\);(\s*\}\s*if \(this\.pending === 0\))/,
        'this.handleSoftirqs(); this.handleSoftirqs();$1',
      ],
    ],
  ]),
  ...mutants('ksoftirqd', 'tasks', 'cpu/scheduler.js', [
    ['shares the CPU with tasks', 'N24: ksoftirqd', ['entity.vruntimeNs < next.vruntimeNs', 'false']],
    ['by weight', 'two tasks', ['(ns * NICE_0_WEIGHT) / entity.task.weight', 'ns']],
    [
      'need_resched after a slice',
      'need_resched',
      ['usedNs < SLICE_NS)\n            return false;', 'true) return false;'],
    ],
    ['sleep saves nothing up', 'whoever slept', ['if (runnable && !entity.runnable)', 'if (false)']],
  ]),
  ...mutants('report_idle_softirq', 'softirq', SOFTIRQ, [
    [
      'says what is pending when the tick stops',
      'N16',
      [/if \(this\.pending !== 0\)\s*reportIdle/, 'if (false) reportIdle'],
    ],
    ['ten times at most', 'N16', ['NOHZ_REPORTS_MAX = 10', 'NOHZ_REPORTS_MAX = 11']],
  ]),
  ...BACKLOG_MUTANTS,
  ...MITIGATION_MUTANTS,
  ...BUSY_POLL_MUTANTS,
  ...THREADED_MUTANTS,
  ...CONFIG_MUTANTS,
  ...EDGES_MUTANTS,
  ...HOTPLUG_MUTANTS,
  ...EDGES_BACKLOG_MUTANTS,
  ...TABLES_MUTANTS,
];
