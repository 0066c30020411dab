// Cold. Runs on: main.
// Mutants of backlogs: sending to them, calling their CPUs, polling them.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const NET_RX = 'napi/net-rx-action.js';
const BACKLOG = 'net/backlog.js';
const BACKLOG_QUEUE = 'net/backlog-queue.js';
const ROUND = 'cpu/napi-round.js';

export const BACKLOG_MUTANTS: readonly Mutant[] = [
  ...mutants('enqueue_to_backlog', 'backlog', BACKLOG_QUEUE, [
    [
      'more than netdev_max_backlog wait: dropped',
      'full: 1,001',
      ['max + 1 - this.waiting()', 'max + 2 - this.waiting()'],
    ],
    ['as many: one more', 'full: 1,001', ['max + 1 - this.waiting()', 'max - this.waiting()']],
    ['other senders’ packets count', 'full: 1,001', [/if \(!this\.isOwn\)\s*Atomics\.add\(.*?;/, '']],
    ['the CPU’s own count', 'full: own', ['return others + Math.max', 'return others; Math.max']],
    ['process_queue does not count', 'full: what', [/if \(spliced > 0\)\s*Atomics\.sub\(.*?;/, '']],
    ['a drop is the target’s', 'full: 1,001', ['(this.ring + DROPPED) / 2', '0']],
  ]),
  ...mutants('enqueue_to_backlog', 'backlog', BACKLOG, [
    ['netdev_max_backlog as it is now', 'full: netdev', ['this.sysctls.maxBacklog : 0', 'this.max : 0']],
  ]),
  ...mutants('enqueue_to_backlog', 'backlog', STATE, [
    [
      'SCHED is taken, by the sender for the target',
      'SCHED: the sender',
      ['old | SCHED | (cpu << HOLDER_SHIFT)', 'old | SCHED'],
    ],
  ]),
  ...mutants('napi_schedule_rps', 'backlog', BACKLOG, [
    [
      'its own backlog: the poll list',
      'R03',
      [/(else if \(this\.state\.scheduleBacklog\(target\)\))\s*softnet\.napiScheduleHeld\(this\.id\);/, '$1 ;'],
    ],
    [
      'another’s: not this CPU’s poll list',
      'R02',
      ['if (target !== this.cpu)\n            softnet', 'if (false) softnet'],
    ],
  ]),
  ...mutants('napi_schedule_rps', 'backlog', SOFTNET, [
    [
      'SCHED is set: no MISSED',
      'SCHED: the sender',
      [
        /if \(\(backlog\.load\(\) & SCHED\) !== 0\)\s*return;/,
        'if ((backlog.load() & SCHED) !== 0) { backlog.set(2); return; }',
      ],
    ],
    ['another’s: NET_RX is marked', 'raise: another', ['this.softirqs.mark(NET_RX_SOFTIRQ)', '0']],
    ['and nobody woken', 'raise: another', ['this.softirqs.mark(', 'this.softirqs.raise(']],
    ['not within net_rx_action', 'raise: not within net', ['!this.inNetRxAction && !this.inNapi', '!this.inNapi']],
    ['not within a threaded poll', 'raise: not within a', [' && !this.inNapiThreadedPoll)', ')']],
  ]),
  ...mutants('napi_schedule_rps', 'backlog', ROUND, [
    ['within means until the round is over', 'raise: not within a', ['softnet.inNapiThreadedPoll = false;', '']],
  ]),
  ...mutants('net_rps_action_and_irq_enable', 'backlog', NET_RX, [
    ['at the bottom of net_rx_action', 'calls: at', ['softnet.netRpsAction();', '']],
    ['not before', 'calls: at', ['this.seams.deliver();', 'softnet.netRpsAction(); this.seams.deliver();']],
    [
      'also where nothing is left, as long as it is pending',
      'calls: net_rx_action with',
      [
        'if (!repoll.isEmpty() || pollList.isEmpty())',
        'if (repoll.isEmpty() && pollList.isEmpty()) { softnet.inNetRxAction = false; return; } if (!repoll.isEmpty())',
      ],
    ],
  ]),
  ...mutants('net_rps_action_and_irq_enable', 'backlog', BACKLOG, [
    ['where process_backlog begins', 'calls: process', ['softnet.netRpsAction();', '']],
  ]),
  ...mutants('net_rps_action_and_irq_enable', 'backlog', ROUND, [
    ['at the end of each round of a threaded poll', 'raise: a threaded', ['softnet.netRpsAction();', '']],
  ]),
  ...mutants('net_rps_action_and_irq_enable', 'backlog', 'napi/rps-ipi.js', [
    ['each is called once', 'calls: at', ['this.remove(cpu);', '']],
    ['and every one', 'calls: one', ['index * 32 + 31 - Math', '31 - Math']],
  ]),
  ...mutants('rps_trigger_softirq', 'backlog', BACKLOG, [
    ['received_rps: interrupts', 'R02', ['this.views.doubles[this.receivedRps] += 1;', '']],
    ['the backlog is scheduled', 'R02', ['this.softnet.napiScheduleHeld(this.id);', '0;']],
    ['if it is held', 'inherit: a call', ['state.holder() === this.cpu &&', '']],
    ['and not polled already', 'inherit: a call', ['!this.polling &&', '']],
  ]),
  ...mutants('process_backlog', 'backlog', BACKLOG, [
    [
      'what came meanwhile, too',
      'poll: what',
      [
        /if \(!queue\.splice\(\) && this\.letGo\(\)\)\s*return work;/,
        'if (work > 0 || !queue.splice()) { this.state.releaseBacklog(); return work; }',
      ],
    ],
    ['at most its quota', 'poll: at most', ['if (work >= budget)', 'if (work > budget)']],
    [
      'at its quota still scheduled',
      'poll: at most',
      [
        /if \(work >= budget\)\s*return work;/,
        'if (work >= budget) { if (queue.first() < 0) this.letGo(); return work; }',
      ],
    ],
    ['dev_rx_weight is that of the next poll', 'R08', ['softnet.napis[this.id].weight = sysctls.devRxWeight;', '']],
    [
      'no napi_complete_done',
      'poll: its end',
      [/letGo\(\) \{\s*this\.state\.releaseBacklog\(\);/, 'letGo() { this.softnet.napiCompleteDone(this.id, 0);'],
    ],
    ['interrupts come between two packets', 'poll: interrupts', ['this.deliver();', '']],
  ]),
  ...mutants('process_backlog', 'backlog', STATE, [
    ['all state goes', 'poll: its end', ['STATE, LISTED | THREADED)', 'STATE, ~(SCHED | HOLDER))']],
    ['but THREADED', 'poll: its end', ['STATE, LISTED | THREADED)', 'STATE, LISTED)']],
  ]),
  ...mutants('dev_cpu_dead', 'backlog', BACKLOG, [
    ['its backlog is on no list', 'inherit: what is left', ['state.unlink();', '0;']],
    ['and idle', 'inherit: what is left', [/state\.releaseBacklog\(\);[^\n]*\s*return left/, 'return left']],
    ['and input_pkt_queue', 'inherit: what is left', ['while (queue.splice());', 'while (false);']],
    [
      'to where it is polled',
      'inherit: what is left',
      [/if \(this\.own\?\.isEmpty === false\)\s*this\.publish\(this\.cpu\);/, ''],
    ],
  ]),
  ...mutants('dev_cpu_dead', 'backlog', SOFTNET, [
    ['whom it was to call is called', 'inherit: whom', ['rpsIpiListOf(views, address).send(this.callBacklog);', '']],
  ]),
];
