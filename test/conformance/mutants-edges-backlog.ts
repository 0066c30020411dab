// Cold. Runs on: main.
// Mutants of rules of backlogs that only show at their edges.

import { type Mutant, mutants } from './mutant-rows.js';

const SOFTNET = 'napi/softnet.js';
const NET_RX = 'napi/net-rx-action.js';
const SYSCTL = 'napi/sysctl.js';
const BACKLOG = 'net/backlog.js';
const QUOTA = /if \(work >= budget\)\s*return work;/;

export const EDGES_BACKLOG_MUTANTS: readonly Mutant[] = [
  ...mutants('enqueue_to_backlog', 'edges-backlog', 'net/backlog-sender.js', [
    [
      'netdev_max_backlog 0 is a limit, too',
      '6.3: netdev_max_backlog 0',
      ['this.max = max;', 'this.max = max || 1000;'],
    ],
    ['lowered while more wait', '6.3: lowered', ['this.max = max;', 'this.max = Math.max(this.max, max);']],
    ['what others have sent since counts', '6.3: two senders', ['if (this.isEmpty)', 'if (this.end === 0)']],
  ]),
  ...mutants('enqueue_to_backlog', 'edges-backlog', BACKLOG, [
    [
      'a drop schedules nobody',
      '6.3: what is dropped',
      ['return sender.insert(hash);', 'const slot = sender.insert(hash); this.schedule(target); return slot;'],
    ],
  ]),
  ...mutants('napi_schedule_rps', 'edges-backlog', SOFTNET, [
    [
      'SCHED is set, and the queue empty: nobody is called',
      '6.4: the queue is empty',
      [
        /if \(\(backlog\.load\(\) & SCHED\) !== 0\)\s*return;/,
        'if ((backlog.load() & SCHED) !== 0) { this.softirqs.mark(NET_RX_SOFTIRQ); this.rpsIpiList.add(cpu); return; }',
      ],
    ],
    [
      'in a busy poll NET_RX is marked',
      '6.4: sent in a busy',
      ['this.softirqs.mark(NET_RX_SOFTIRQ)', 'this.softirqs.preempt.bhDisabled || this.softirqs.mark(NET_RX_SOFTIRQ)'],
    ],
    [
      'an interrupt before the next pass raises nothing',
      '6.4: in_net_rx_action',
      [
        '!this.inNetRxAction && !this.inNapi',
        '(!this.inNetRxAction || this.softirqs.preempt.inHardirq) && !this.inNapi',
      ],
    ],
  ]),
  ...mutants('napi_schedule_rps', 'edges-backlog', BACKLOG, [
    [
      'each time that it becomes busy',
      '6.4: from idle',
      [/this\.state\.releaseBacklog\(\);(?=\s*if \(this\.queue\.hasInput)/, ''],
    ],
  ]),
  ...mutants('rps_trigger_softirq', 'edges-backlog', BACKLOG, [
    [
      'within net_rx_action nothing is raised',
      '6.4: it is called while',
      [
        'this.softnet.napiScheduleHeld(this.id);',
        '{ this.softnet.napiScheduleHeld(this.id); this.softnet.softirqs.raise(3); }',
      ],
    ],
    [
      'polls nothing itself',
      '6.4: called over',
      ['this.softnet.napiScheduleHeld(this.id);', '{ this.softnet.napiScheduleHeld(this.id); this.poll(64); }'],
    ],
  ]),
  ...mutants('net_rps_action_and_irq_enable', 'backlog', NET_RX, [
    [
      'also when work is left',
      'calls: also',
      ['softnet.netRpsAction();', 'if (softnet.pollList.isEmpty()) softnet.netRpsAction();'],
    ],
  ]),
  ...mutants('process_backlog', 'edges-backlog', BACKLOG, [
    [
      'returns its work',
      '6.5: one less',
      [/if \(!queue\.splice\(\) && this\.letGo\(\)\)\s*return work;/, 'if (!queue.splice() && this.letGo()) return 0;'],
    ],
    ['a quota of 1', '6.5: a quota of 1', ['= sysctls.devRxWeight', '= Math.max(2, sysctls.devRxWeight)']],
    ['a quota over 64', '6.5: a quota over', ['= sysctls.devRxWeight', '= Math.min(64, sysctls.devRxWeight)']],
    [
      'input_pkt_queue is taken over when process_queue is empty',
      '6.5: input_pkt_queue',
      ['let work = 0;', 'let work = 0; queue.splice();'],
    ],
    [
      'and not by who has used up the quota',
      '6.5: the quota ends it',
      [QUOTA, 'if (work >= budget) { queue.splice(); return work; }'],
    ],
    [
      'the quota holds for what its own packets bring',
      '6.5: each packet',
      [QUOTA, 'if (work >= budget && queue.first() >= 0) return work;'],
    ],
  ]),
  ...mutants('process_backlog', 'edges-backlog', NET_RX, [
    [
      'charged to netdev_budget',
      '6.5: it is one',
      [
        'const work = this.napiPoll(local.shift());',
        'const id = local.shift(); const work = this.napiPoll(id) * Number(id < 64);',
      ],
    ],
  ]),
  ...mutants('proc_do_dev_weight', 'edges-backlog', SYSCTL, [
    [
      'dev_weight times dev_weight_rx_bias',
      '6.5: the quota is',
      [/ \* Atomics\.load\(this\.words, this\.base \+ DEV_WEIGHT_RX_BIAS\)/, ''],
    ],
    ['not below 1', '6.5: the quota is', ['value: () => 64, min: () => 1', 'value: () => 64, min: () => 0']],
  ]),
  ...mutants('dev_cpu_dead', 'edges-backlog', BACKLOG, [
    [
      'all of the state goes',
      '6.7: all of its',
      [/state\.releaseBacklog\(\);(?=[^\n]*\s*return left)/, 'state.releaseSched();'],
    ],
    ['process_queue first', '6.7: process_queue', ['let left = 0;', 'let left = 0; queue.splice();']],
    [
      'the heir’s netdev_max_backlog',
      '6.7: no room',
      ['const to = this.insert(this.cpu', 'this.own.limit(1000, false); const to = this.insert(this.cpu'],
    ],
  ]),
];
