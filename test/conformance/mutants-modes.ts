// Cold. Runs on: main.
// Mutants of interrupt mitigation and its timer, of busy polling, and of suspension.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const WORDS = 'napi/words.js';
const SOFTNET = 'napi/softnet.js';
const TIMERS = 'napi/timers.js';
const BUSY = 'napi/busy-poll.js';
const WAIT = 'napi/wait.js';
const PARAMS = 'napi/busy-params.js';

export const MITIGATION_MUTANTS: readonly Mutant[] = [
  ...mutants('napi_defer_hard_irqs, gro_flush_timeout', 'mitigation', SOFTNET, [
    ['neither: no timer', 'M01', [/if \(timeoutNs !== 0\)\s*(timer\.start\(timeoutNs\);)(?=\s*return unmask)/, '$1']],
    [
      'a timeout alone: the timer, and the interrupt on',
      'M02',
      ['return unmask;', 'return unmask && timeoutNs === 0;'],
    ],
    ['a timeout alone: only where something is held', 'M03', ['if (gro.held !== 0)', 'if (true)']],
    ['both: N completions leave it off', 'M04: defer', ['if (deferCount > 0)', 'if (deferCount > 1)']],
    [
      'work begins the count anew',
      'M05',
      [
        'state.deferCount = state.deferHardIrqs;',
        'if (state.deferCount === 0) state.deferCount = state.deferHardIrqs;',
      ],
    ],
    ['a count alone defers nothing', 'M06', ['unmask = timeoutNs === 0;', 'unmask = false;']],
    [
      'MISSED uses one up',
      'M07',
      ['this.rescheduled = true;', 'this.rescheduled = true; if (deferCount > 0) state.deferCount = deferCount;'],
    ],
    [
      'MISSED arms nothing',
      'M07',
      ['this.rescheduled = true;', 'this.rescheduled = true; if (timeoutNs !== 0) timer.start(timeoutNs);'],
    ],
    [
      'a completion without a timeout cancels no timer',
      'M12: a completion',
      ['return unmask;', 'if (timeoutNs === 0) state.cancelTimer(); return unmask;'],
    ],
  ]),
  ...mutants('napi_watchdog', 'mitigation', STATE, [
    ['SCHED: nothing', 'M08', ['if ((old & (DISABLE | SCHED)) !== 0)', 'if ((old & DISABLE) !== 0)']],
    [
      'SCHED: no MISSED',
      'M08',
      [
        /if \(\(old & \(DISABLE \| SCHED\)\) !== 0\)\s*return false;/,
        'if ((old & (DISABLE | SCHED)) !== 0) { this.set(MISSED); return false; }',
      ],
    ],
    ['DISABLE: nothing', 'M09: being', ['if ((old & (DISABLE | SCHED)) !== 0)', 'if ((old & SCHED) !== 0)']],
    ['PREFER_BUSY_POLL is cleared', 'M10', ['(old & ~PREFER_BUSY_POLL) | SCHED', 'old | SCHED']],
  ]),
  ...mutants('napi_watchdog', 'mitigation', WORDS, [
    ['one-shot', 'M08', ['this.base + TIMER, cpu + 1, 0)', 'this.base + TIMER, cpu + 1, cpu + 1)']],
  ]),
  ...mutants('napi_watchdog', 'mitigation', TIMERS, [
    [
      'schedules',
      'M04: defer',
      [/(if \(this\.softnet\.napis\[id\]\.state\.scheduleRelaxed.*\))\s*this\.softnet\.napiScheduleHeld\(id\);/, '$1;'],
    ],
    ['says when its callback has ended', 'M09: being', ['state.endTimer(this.softnet.context);', '']],
  ]),
  ...mutants('napi_watchdog', 'mitigation', 'driver/interrupt.js', [
    [
      'in hard interrupt context',
      'M04: the timer',
      ['this.context.irqEnter();', 'delivered += this.timers.expire(); this.context.irqEnter();'],
    ],
  ]),
  ...mutants('hrtimer_start', 'mitigation', TIMERS, [
    [
      'relative to the clock, not to when the poll began',
      'M04: defer',
      ['const expiresNs = this.clock.nowNs + ns;', 'const expiresNs = ns;'],
    ],
    ['pinned: it expires where it was armed', 'M04: the timer', ['armTimer(this.softnet.context)', 'armTimer(0)']],
    [
      'not before its time',
      'M04: defer',
      ['this.nextNs <= this.clock.nowNs', 'this.nextNs <= this.clock.nowNs + 20000'],
    ],
    [
      'armed again on this CPU: the later time',
      'M12: armed again here',
      [
        /this\.doubles\[this\.first \+ id\] = expiresNs;/,
        'if (this.softnet.napis[id].state.timerCpu() < 0) this.doubles[this.first + id] = expiresNs;',
      ],
    ],
    [
      'the next to expire is known',
      'M15',
      [
        /(armTimer\(this\.softnet\.context\);\s*this\.heap\.put\(id\);)\s*this\.look\(\);/,
        '$1 this.nextNs = Math.min(this.nextNs, expiresNs + 1000);',
      ],
    ],
  ]),
  ...mutants('hrtimer_start', 'mitigation', WORDS, [
    [
      'armed again on another CPU: the first is forgotten',
      'M12: armed again, on',
      ['this.base + TIMER, cpu + 1, 0) === cpu + 1', 'this.base + TIMER, cpu + 1, 0) >= 0'],
    ],
  ]),
  ...mutants('hrtimer_start', 'mitigation', 'napi/timer-heap.js', [
    ['by time', 'M15', ['if (this.key(child) < this.key(least))', 'if (false)']],
    ['the earliest on top', 'M15', ['if (this.key(parent) <= this.key(place))', 'if (true)']],
  ]),
  ...mutants('hrtimer_start', 'mitigation', TIMERS, [
    [
      'outlives the thread of its CPU',
      'a CPU whose',
      [/if \(state\.timerCpu\(\) === softnet\.context\)\s*this\.heap\.put\(id\);/, ''],
    ],
  ]),
  ...mutants('hrtimer_cancel', 'mitigation', WORDS, [
    ['napi_disable: it is armed nowhere', 'M09: disabled', ['Atomics.store(words, base + TIMER, 0);', '']],
    ['and waits for a callback that runs', 'M09: its', ['TIMER_RUNS + 1)) === 0', 'TIMER_RUNS + 1)) !== -1']],
  ]),
  ...mutants('napi_suspend_irqs', 'mitigation', SOFTNET, [
    [
      'the timer is at irq_suspend_timeout',
      'M14: preferred',
      ['const timeoutNs = state.irqSuspendTimeoutNs;', 'const timeoutNs = state.groFlushTimeoutNs;'],
    ],
    ['unless that is 0', 'M17', [/(const timeoutNs = state\.irqSuspendTimeoutNs;)\s*if \(timeoutNs !== 0\)/, '$1']],
    [
      'no state of its own: alone it is without effect',
      'M18',
      ['return unmask;', 'return unmask && state.irqSuspendTimeoutNs === 0;'],
    ],
    [
      'the application stalls: the timer polls',
      'M19',
      [
        /(const timeoutNs = state\.irqSuspendTimeoutNs;)\s*if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);/,
        '$1 if (timeoutNs !== 0) state.cancelTimer();',
      ],
    ],
  ]),
  ...mutants('napi_resume_irqs', 'mitigation', SOFTNET, [
    [
      'without irq_suspend_timeout nothing',
      'M17',
      [/if \(this\.napis\[id\]\.state\.irqSuspendTimeoutNs === 0\)\s*return;/, ''],
    ],
    ['schedules', 'M16: resume', [/(localBhDisable\(\);\s*)this\.napiSchedule\(id\);/, '$1']],
    [
      'and polls at once',
      'M16: resume',
      [/this\.softirqs\.localBhDisable\(\);(\s*this\.napiSchedule\(id\);\s*)this\.softirqs\.localBhEnable\(\);/, '$1'],
    ],
  ]),
  ...mutants('ep_poll', 'mitigation', WAIT, [
    ['events suspend interrupts', 'M14: preferred', ['this.poller.napiSuspendIrqs(this.id);', '0;']],
    [
      'if prefer_busy_poll',
      'M14: not',
      ['if (this.params.prefer)\n                    this', 'if (true)\n                    this'],
    ],
    ['the instance is that of the last event', 'M14: preferred', [/if \(id > 0\)\s*this\.id = id;/, '']],
    ['a time-out of 0 polls nothing', 'M14: not', ['!block || !this', '!this']],
    ['it busy-polls until events are ready', 'M16: what', ['=> this.isReady() || this.timedOut', '=> this.timedOut']],
    ['or busy_poll_usecs are over', 'M16: M14', ['|| this.timedOut(startNs)', '']],
    [
      'not without busy_poll_usecs and prefer_busy_poll',
      'M16: M14',
      ['usecs === 0 || busyLoopTimedOut', 'true || busyLoopTimedOut'],
    ],
    ['events then: from the start', 'M16: what', [/if \(this\.isReady\(\)\)\s*return true;/, '']],
    ['none: interrupts are resumed', 'M16: M14', [/this\.close\(\);(\s*return false;)/, 'this.id = 0;$1']],
    [
      'and the instance is forgotten',
      'M16: M14',
      [/(this\.poller\.napiResumeIrqs\(this\.id\);\s*)this\.id = 0;/, '$1'],
    ],
  ]),
  ...mutants('ep_send_events', 'waits', WAIT, [
    ['who waits is told which', 'either', ['this.found[ready] = index;', 'this.found[ready] = ready;']],
  ]),
  ...mutants('ep_free', 'mitigation', WAIT, [
    [
      'interrupts are resumed',
      'M16: close',
      [/if \(this\.params\.prefer\)\s*this\.poller\.napiResumeIrqs\(this\.id\);/, ''],
    ],
  ]),
  ...mutants('ep_poll', 'waits', WAIT, [
    [
      'with busy_poll_budget',
      'the task busy-poll leaves',
      ['loopEnd: this.loopEnd, budget, prefer', 'loopEnd: this.loopEnd, prefer'],
    ],
    ['with prefer_busy_poll', 'M14: as', ['loopEnd: this.loopEnd, budget, prefer', 'loopEnd: this.loopEnd, budget']],
    ['a signal ends it', 'a request', ['|| this.seams.signalPending()', '']],
  ]),
  ...mutants('net_busy_loop_on', 'waits', WAIT, [
    [
      'net.core.busy_poll is on for all',
      'M14: net',
      ['this.params.usecs || this.seams.sysctls.busyPollUsecs', 'this.params.usecs'],
    ],
    [
      'unless busy_poll_usecs says otherwise',
      'M14: net',
      ['this.params.usecs || this.seams.sysctls.busyPollUsecs', 'this.seams.sysctls.busyPollUsecs'],
    ],
  ]),
  ...mutants('ep_poll', 'waits', 'cpu/task-wait.js', [
    ['then it sleeps, until an event', 'one that', ['this.sleep.on(this.inner, timeoutMs * 1e6)', '0']],
    [
      'or its time-out',
      'a time-out',
      ['this.sleep.on(this.inner, timeoutMs * 1e6)', 'this.sleep.on(this.inner, Infinity)'],
    ],
  ]),
  ...mutants('ep_poll_callback', 'waits', 'cpu/application-task.js', [
    ['an event wakes', 'one that', ['|| this.sleep.isOver()', '']],
    ['and the task goes on', 'woken by', [/this\.wakeNs = 0;.*/, '']],
  ]),
];

export const BUSY_POLL_MUTANTS: readonly Mutant[] = [
  ...mutants('napi_by_id', 'busy-poll', BUSY, [
    [
      'enabled instances alone',
      'B10: disabled,',
      ['return napi.state.napiId === napiId ? napi : null;', 'return napi;'],
    ],
  ]),
  ...mutants('napi_busy_loop', 'busy-poll', STATE, [
    ['DISABLE: not claimed', 'B10: being', ['(DISABLE | SCHED | IN_BUSY_POLL)', '(SCHED | IN_BUSY_POLL)']],
    ['SCHED: not claimed', 'B04: without', ['(DISABLE | SCHED | IN_BUSY_POLL)', '(DISABLE | IN_BUSY_POLL)']],
    ['IN_BUSY_POLL: not claimed', 'B08: IN', ['(DISABLE | SCHED | IN_BUSY_POLL)', '(DISABLE | SCHED)']],
    ['takes IN_BUSY_POLL', 'B02', ['old | IN_BUSY_POLL | SCHED', 'old | SCHED']],
    ['and SCHED', 'B02', ['old | IN_BUSY_POLL | SCHED', 'old | IN_BUSY_POLL']],
    [
      'as its holder',
      'B08: two',
      ['IN_BUSY_POLL | SCHED | (context << HOLDER_SHIFT)', 'IN_BUSY_POLL | SCHED | (4000 << HOLDER_SHIFT)'],
    ],
  ]),
  ...mutants('napi_busy_loop', 'busy-poll', BUSY, [
    [
      'in process context only',
      'in an interrupt',
      [/if \(this\.softnet\.softirqs\.preempt\.inInterrupt\)\s*throw.*?;/, ''],
    ],
    ['PREFER_BUSY_POLL where it cannot claim', 'B04: a softirq', ['napi.state.set(PREFER_BUSY_POLL);', '0;']],
    ['if it is preferred', 'B04: without', ['if (prefer)\n                napi', 'if (true)\n                napi']],
    ['BUSY_POLL_BUDGET', 'B01: 20', ['BUSY_POLL_BUDGET = 8', 'BUSY_POLL_BUDGET = 16']],
    [
      'without an end condition one poll',
      'B01: 20',
      ['loop.loopEnd === null || loop.loopEnd(startNs)', 'loop.loopEnd?.(startNs)'],
    ],
    ['asked after each poll', 'B01: with', ['loop.loopEnd === null || loop.loopEnd(startNs)', 'true']],
    ['finished packets are delivered', 'B07: PREFER', [/napi\.gro\.deliver\(\);/, '']],
    ['BusyPollRxPackets', 'B01: 20', [/this\.doubles\[this\.rxPackets\] = .*?;/, '']],
    [
      'bottom halves are off in a round, and what is pending runs behind it',
      'B04: a softirq',
      [/softirqs\.localBhDisable\(\);(\s*const mine)/, '$1'],
      [/softirqs\.localBhEnable\(\);(\s*this\.seams\.deliver\(\);\s*this\.clock)/, '$1'],
    ],
    [
      'its owner alone ends it',
      'B08: two',
      ['if (mine)\n            this.busyPollStop', 'if (true)\n            this.busyPollStop'],
    ],
    ['need_resched ends a stretch', 'B09: need', ['if (this.seams.needResched())', 'if (false)']],
    ['and others run', 'B09: another', ['this.seams.condResched();', '']],
    ['then it goes on', 'B09: need', ['goesOn = !loop.endOnResched;', 'goesOn = false;']],
    [
      'unless END_ON_RESCHED',
      'B09: END',
      ['goesOn = !loop.endOnResched;', 'goesOn = loop.loopEnd !== null && !loop.loopEnd(startNs);'],
    ],
    [
      'and looks the instance up again',
      'B09: disabled',
      [
        /(startNs\) \{\s*)const napi = this\.napiById\(napiId\);/,
        '$1const napi = (this.kept ??= this.napiById(napiId));',
      ],
    ],
    ['the end condition is asked behind that', 'B09: need', [/if \(loop\.loopEnd\?\.\(startNs\)\)\s*return;/, '']],
    ['it takes turns with netpoll', 'it takes', [/if \(napi\.netpoll\)\s*netpollPollLock\(.*?\);/, '']],
    ['time counts in 1024 ns', 'B08: its', ['Math.floor(nowNs / 1024)', 'Math.floor(nowNs / 1000)']],
  ]),
  ...mutants('__napi_poll', 'busy-poll', 'napi/poll.js', [
    [
      'PREFER_BUSY_POLL, full budget, no timer: scheduled anew',
      'B05',
      [
        /(if \(this\.softnet\.napiCompleteDone\(state\.id, work\)\))\s*this\.softnet\.napiSchedule\(state\.id\);/,
        '$1;',
      ],
    ],
    ['who busy-polls by preference gets it', 'B04: a softirq', ['if ((seen & PREFER_BUSY_POLL) !== 0)', 'if (false)']],
  ]),
  ...mutants('busy_poll_stop', 'busy-poll', BUSY, [
    ['MISSED is cleared', 'B03', ['napi.state.clear(MISSED);', '']],
    ['IN_BUSY_POLL is cleared', 'B01: 20', ['napi.state.clear(IN_BUSY_POLL);', '']],
    [
      'one poll more, so that the driver completes',
      'B01: 20',
      [/(const armed = .*;\s*)const work = this\.poll\(napi, budget\);/, '$1const work = budget;'],
    ],
    [
      'with the same budget',
      'B01: 20',
      [/(const armed = .*;\s*)const work = this\.poll\(napi, budget\);/, '$1const work = this.poll(napi, 64);'],
    ],
    [
      'which BusyPollRxPackets does not count',
      'B01: 20',
      [
        /if \(work === budget\)\s*this\.leaveWork/,
        'this.doubles[this.rxPackets] += work; if (work === budget) this.leaveWork',
      ],
    ],
    [
      'PREFER: the deferral begins anew',
      'B06: PREFER',
      ['state.deferCount = state.deferHardIrqs;', 'state.deferCount = 1;'],
    ],
    ['PREFER: the timer is armed', 'B07: PREFER', ['timer.start(timeoutNs);', '']],
    ['only then', 'B06: not', ['prefer && this.defer(napi)', 'this.defer(napi)']],
    [
      'and with both knobs',
      'B07: without the',
      ['state.deferCount === 0 || timeoutNs === 0', 'state.deferCount === 0'],
    ],
    ['work left, armed: SCHED is let go', 'B07: PREFER', ['state.releaseSched();', '']],
    ['work left, armed: GRO is flushed', 'B07: PREFER', ['gro.flush(this.clock.hz >= HZ_FINE);', '']],
    ['only old ones where a jiffy is short', 'B07: PREFER', ['flush(this.clock.hz >= HZ_FINE)', 'flush(false)']],
    [
      'all where it is long',
      'B07: PREFER, both knobs, and the last poll uses its budget: SCHED is let go, all',
      ['flush(this.clock.hz >= HZ_FINE)', 'flush(true)'],
    ],
    ['work left, no timer: scheduled', 'B01: 20', ['this.softnet.napiScheduleHeld(state.id);', '']],
    ['and finished packets delivered', 'B07: without PREFER', [/gro\.deliver\(\);(\s*this\.softnet)/, '$1']],
    ['netpoll has its turn again', 'it takes', [/if \(napi\.netpoll\)\s*napi\.state\.releasePollOwner\(\);/, '']],
  ]),
  ...mutants('sk_setsockopt', 'busy-poll', PARAMS, [
    ['SO_PREFER_BUSY_POLL needs CAP_NET_ADMIN', 'B11', ['wanted.prefer === true', 'false']],
    ['to switch it on', 'B11', ['wanted.prefer === true', 'wanted.prefer !== undefined']],
    ['SO_BUSY_POLL_BUDGET: more needs CAP_NET_ADMIN', 'B11', ['next.budget > now.budget', 'false']],
    ['less does not', 'B11', ['next.budget > now.budget', 'next.budget !== now.budget']],
    ['up to 65535', 'B11', ['U16_MAX = 0xffff', 'U16_MAX = 0x1ffff']],
    ['SO_BUSY_POLL: not below 0', 'B11', ['value >= 0', 'true']],
  ]),
  ...mutants('EPIOCSPARAMS', 'busy-poll', PARAMS, [
    [
      'busy_poll_budget over 64 needs CAP_NET_ADMIN',
      'B11',
      ['wanted.budget > NAPI_POLL_WEIGHT && !capNetAdmin', 'false'],
    ],
    ['prefer_busy_poll and less do not', 'B11', ['wanted.budget > NAPI_POLL_WEIGHT && !capNetAdmin', '!capNetAdmin']],
    ['busy_poll_usecs up to S32_MAX', 'B11', ['S32_MAX = 0x7fffffff', 'S32_MAX = 0xffffffff']],
  ]),
  ...mutants('EPIOCSPARAMS', 'waits', 'cpu/task-wait.js', [
    [
      'by what the task may do',
      'B11',
      ['setParams(params, this.capabilities)', 'setParams(params, { capNetAdmin: true })'],
    ],
  ]),
  ...mutants('sk_setsockopt', 'waits', 'cpu/task-napi.js', [
    ['by what the task may do', 'B11', [/socketParams\(.*?\);/, '']],
  ]),
  ...mutants('sk_setsockopt', 'waits', PARAMS, [
    ['SO_PREFER_BUSY_POLL is true or false', 'B11: what is', ["typeof value === 'boolean'", 'true']],
  ]),
  ...mutants('sk_busy_loop', 'waits', BUSY, [
    [
      'a budget of 0 is BUSY_POLL_BUDGET',
      'B11: a busy',
      ['options.budget || ONCE.budget', 'options.budget ?? ONCE.budget'],
    ],
  ]),
  ...mutants('ep_busy_loop', 'waits', BUSY, [
    [
      'a budget of 0 is BUSY_POLL_BUDGET',
      'B11: a wait',
      ['options.budget || ONCE.budget', 'options.budget ?? ONCE.budget'],
    ],
  ]),
];
