// Cold. Runs on: main.
// Mutants of backlogs: sending to them, calling their CPUs, polling them.

import { type Mutant, mutants } from './mutant-rows.js';

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const NET_RX = 'napi/net-rx-action.js';
const BACKLOG = 'net/backlog.js';
const BACKLOG_QUEUE = 'net/backlog-queue.js';
const BACKLOG_SENDER = 'net/backlog-sender.js';
const FLOW_LIMIT = 'net/flow-limit.js';
const SYSCTL = 'napi/sysctl.js';
const ROUND = 'cpu/napi-round.js';

export const BACKLOG_MUTANTS: readonly Mutant[] = [
  ...mutants('enqueue_to_backlog', 'backlog', BACKLOG_SENDER, [
    [
      'more than netdev_max_backlog wait: dropped',
      'full: 1,001',
      ['max + 1 - this.waiting()', 'max + 2 - this.waiting()'],
    ],
    ['as many: one more', 'full: 1,001', ['max + 1 - this.waiting()', 'max - this.waiting()']],
    ['other senders’ packets count', 'full: 1,001', [/Atomics\.add\(words, this\.qlen.*?;/, '']],
    ['the CPU’s own count', 'full: own', ['return others + Math.max', 'return others; Math.max']],
    ['a drop is the target’s', 'full: 1,001', ['(this.ring + DROPPED) / 2', '0']],
  ]),
  ...mutants('enqueue_to_backlog', 'backlog', BACKLOG_QUEUE, [
    ['process_queue does not count', 'full: what', [/if \(spliced > 0\)\s*Atomics\.sub\(.*?;/, '']],
  ]),
  ...mutants('enqueue_to_backlog', 'backlog', BACKLOG, [
    ['netdev_max_backlog as it is now', 'full: netdev', ['sender.limit(this.sysctls.maxBacklog', 'sender.limit(1000']],
  ]),
  ...mutants('enqueue_to_backlog', 'backlog', STATE, [
    [
      'SCHED is taken, by the sender for the target',
      'SCHED: the sender',
      ['old | SCHED | (cpu << HOLDER_SHIFT)', 'old | SCHED'],
    ],
  ]),
  ...mutants('skb_flow_limit', 'backlog', BACKLOG_SENDER, [
    [
      'from half of netdev_max_backlog on',
      'flow limit: from half',
      ['max + 1 - (max >> 1) : 0', 'max - (max >> 1) : 0'],
    ],
    ['not before', 'flow limit: from half', ['max + 1 - (max >> 1) : 0', 'max + 2 - (max >> 1) : 0']],
    ['half, rounded down', 'flow limit: half of an odd', ['(max >> 1) : 0', '((max + 1) >> 1) : 0']],
    ['what finds the backlog full is in no history', 'flow limit: what finds', ['(room <= 0 || this', '(this']],
    [
      'what it drops is a drop of the target',
      'flow limit: a flow',
      ['isOver(hash)))', 'isOver(hash))) return -1; if (room <= 0)'],
    ],
  ]),
  ...mutants('skb_flow_limit', 'backlog', BACKLOG, [
    ['the sender’s table', 'flow limit: the sender', ['[this.cpu].flowLimit, this.cpu', '[1].flowLimit, this.cpu']],
    [
      'of a burst to another CPU, as it is now',
      'flow limit: a table',
      [/if \(sender\.isEmpty\)\s*this/, 'if (sender.max === 0) this'],
    ],
    [
      'of its own packets, as it is when it polls',
      'flow limit: of its own',
      [/(softnet\.netRpsAction\(\);)\s*if .*\s*this\.limit\(this\.own\);/, '$1'],
    ],
    ['of what a dead CPU left, its heir’s', 'flow limit: what a CPU', ['this.packets.hash(from)', 'from']],
  ]),
  ...mutants('skb_flow_limit', 'backlog', FLOW_LIMIT, [
    ['more than 64: dropped', 'flow limit: a flow', ['packets <= FLOW', 'packets < FLOW']],
    ['64: not', 'flow limit: a flow', ['packets <= FLOW', 'packets <= 1 + FLOW']],
    ['of the last 128', 'flow limit: of the last', ['(FLOW_LIMIT_HISTORY - 1)', '63']],
    ['whose oldest goes', 'flow limit: of the last', [/if \(bytes\[oldest\] !== 0\)\s*bytes\[oldest\] = .*;/, '']],
    [
      'before this one is counted',
      'flow limit: of the last',
      ['(packets <= FLOW', '(packets + Number(oldest === buckets + flow) <= FLOW'],
    ],
    ['flow_limit_count', 'flow limit: a flow', [/this\.doubles\[this\.count\] = .*;/, '']],
    [
      'hash_32',
      'flow limit: hash_32',
      ['Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits)', 'value & ((1 << bits) - 1)'],
    ],
    ['a new table is empty', 'flow limit: a table', [/this\.words\.fill\(.*\s*this\.bytes\.fill\(.*/, '']],
    [
      'a table that is gone limits nobody',
      'flow limit: a table',
      ['return this.log >= 0', 'if (this.log < 0) this.log = 12; return true'],
    ],
  ]),
  ...mutants('flow_limit_cpu_sysctl', 'backlog', SYSCTL, [
    [
      'no CPU at first',
      'flow limit: off',
      ['word: FLOW_LIMIT_CPU_BITMAP,\n        value: () => 0', 'word: FLOW_TABLES,\n        value: () => 45'],
    ],
    ['a CPU that is named again keeps its table', 'flow limit: a table', ['if (!has && wants)', 'if (wants)']],
    ['one that is no longer named loses it', 'flow limit: a table', ['if (has && !wants)', 'if (false)']],
    ['each bit', 'flow limit: every', ['rest = Math.floor(rest / 2)', 'rest >>= 1']],
    [
      'flow_limit_table_len, as it is now',
      'flow limit: flow_limit_table_len',
      ['Math.clz32(words[base + FLOW_LIMIT_TABLE_LEN])', 'Math.clz32(4096)'],
    ],
  ]),
  ...mutants('flow_limit_table_len_sysctl', 'backlog', SYSCTL, [
    [
      'a power of two',
      'flow limit: refused',
      ['const isPower = word === FLOW_LIMIT_TABLE_LEN', 'const isPower = false'],
    ],
    [
      'for tables that are made from then on',
      'flow limit: flow_limit_table_len',
      [
        'Atomics.store(this.words, this.base + word, value);',
        'Atomics.store(this.words, this.base + word, value); if (word === FLOW_LIMIT_TABLE_LEN) { const on = this.get("net.core.flow_limit_cpu_bitmap"); this.setFlowLimitCpus(0); this.setFlowLimitCpus(on); }',
      ],
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
    [
      'input_pkt_queue is empty',
      'inherit: a CPU that ended',
      [/queue\.recount\(\);\s*state\.release/, 'state.release'],
    ],
    ['and idle', 'inherit: what is left', [/state\.releaseBacklog\(\);[^\n]*\s*return left/, 'return left']],
    ['and input_pkt_queue', 'inherit: what is left', ['while (queue.splice());', 'while (false);']],
    ['to where it is polled', 'inherit: what is left', [/this\.publish\(this\.cpu\);/, '']],
  ]),
  ...mutants('dev_cpu_dead', 'backlog', SOFTNET, [
    ['whom it was to call is called', 'inherit: whom', ['rpsIpiListOf(views, address).send(this.callBacklog);', '']],
  ]),
  ...mutants('softnet_seq_show', 'backlog', 'observe/softnet-stat.js', [
    ['the order of its columns', 'R10: softnet', ['receivedRps, flowLimitCount];', 'flowLimitCount, receivedRps];']],
    ['six that are 0', 'R10: softnet', ['[0, 0, 0, 0, 0, 0]', '[0, 0, 0, 0, 0]']],
    ['column 12: both queues', 'R10: softnet', ['inputPktQueue + processQueue', 'inputPktQueue']],
    [
      'column 13: the CPU, whatever its line',
      'R10: softnet',
      ['.map((cpu) =>', '.map((cpu, id) => ({ ...cpu, id })).map((cpu) =>'],
    ],
    ['those that are offline are left out', 'R10: softnet', ['.filter(({ online }) => online)', '']],
    ['eight digits', 'R10: softnet', ["padStart(8, '0')", "padStart(4, '0')"]],
    ['32 bits', 'R10: each', ['(value % 2 ** 32)', 'value']],
  ]),
];
