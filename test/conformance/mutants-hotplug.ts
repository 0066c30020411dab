// Cold. Runs on: main.
// Mutants of CPUs that go offline, come back and die.

import { type Mutant, mutants } from './mutant-rows.js';

const REMAINS = 'coordinator/cpu-remains.js';
const HEIRS = 'coordinator/backlog-heirs.js';
const CPUS = 'coordinator/cpus.js';
const SIMULATED = 'simulate/remains.js';

export const HOTPLUG_MUTANTS: readonly Mutant[] = [
  ...mutants('dev_cpu_dead', 'hotplug', REMAINS, [
    [
      'its instances are scheduled elsewhere',
      'poll list: the instances',
      [
        /if \(state\.takeOver\(cpu, heir\)\)\s*this\.calls\.call\(heir, CALL_SCHEDULE/,
        'if (false) this.calls.call(heir, CALL_SCHEDULE',
      ],
    ],
  ]),
  ...mutants('dev_cpu_dead', 'hotplug', SIMULATED, [
    [
      'on the CPU that runs the callback',
      'poll list: the instances',
      ['executing !== null && heirs.includes(executing) ? executing : heirs[0]', 'heirs[0]'],
    ],
    [
      'whom it was to call its heir calls',
      'backlog: whom the dead',
      [/if \(this\.world\.owesCalls\(cpu\)\)\s*this\.calls/, 'if (false) this.calls'],
    ],
    ['or the next one, when that ends first', 'backlog: the same', [' || this.world.owesCalls(cpu);', ';']],
  ]),
  ...mutants('dev_cpu_dead', 'hotplug', HEIRS, [
    [
      'its packets go through another’s backlog',
      'backlog: what waits',
      ['this.calls.call(heir, CALL_CPU_DEAD, cpu);', ';'],
    ],
  ]),
  ...mutants('net_rps_send_ipi', 'hotplug', 'simulate/cpu.js', [
    ['for those that the dead CPU was to call', 'backlog: whom the dead', ['this.callFor(this.world.cpus[dead]);', '']],
  ]),
  ...mutants('hrtimers_cpu_dying', 'hotplug', 'cpu/core.js', [
    ['its timers are adopted', 'timers: they', ['timers.adoptAll(cpu, timersOf[cpu])', 'void timers.adoptAll']],
  ]),
  ...mutants('irq_migrate_all_off_this_cpu', 'hotplug', REMAINS, [
    ['its lines go to others', 'lines: an interrupt', ['line.retarget(heirs[line.id % heirs.length]);', ';']],
    [
      'before it leaves',
      'lines: a CPU that',
      [/prepareLeave\(cpu, heirs\) \{\s*this\.moveLines\(cpu, heirs\);/, 'prepareLeave(cpu, heirs) {'],
    ],
  ]),
  ...mutants('irq_migrate_all_off_this_cpu', 'hotplug', 'irq/line.js', [
    [
      'a pending interrupt goes along',
      'lines: an interrupt',
      [/if \(\(next & PENDING\) !== 0\)\s*this\.tell\(cpu\);/, ''],
    ],
  ]),
  ...mutants('cpu_device_down', 'hotplug', CPUS, [
    ['not one that is not online', 'thread: the last', ["cpus.demand(['online'], 'cpu_down', cpu);", '']],
    ['not the last', 'thread: the last', ['if (heirs.length === 0)', 'if (false)']],
    [
      'what an heir has not taken over when it ends, too, is the next one’s',
      'backlog: the same',
      ["if ((state === 'offline' || state === 'lost') &&", 'if (false &&'],
    ],
    ['complete when others have what it held', 'timers: also', ['if (!dead.holds(this.cpu))', 'if (true)']],
  ]),
  ...mutants('cpu_device_up', 'hotplug', CPUS, [
    ['not one that is online', 'thread: what cannot', [/this\.needs\.cpus\.demand\(\['offline', 'lost'\].*?;/, '']],
  ]),
  ...mutants('cpu_device_up', 'hotplug', REMAINS, [
    ['no softirq is pending', 'poll list: none', ['resetSoftirqs(this.views, softirq);', '']],
    ['nor in_net_rx_action set', 'poll list: none', ['Softnet.create(this.views, softnet);', '']],
  ]),
  ...mutants('a CPU dies', 'death', REMAINS, [
    [
      'by the holders, not by the lists',
      'in the middle',
      ['if (state.holder() !== cpu ||', 'if (state.holder() !== cpu || !state.isLinked() ||'],
    ],
    ['every instance is scheduled once', 'between taking', [/if \(accident\)\s*this\.lookEverywhere\(heirs\);/, '']],
    [
      'but none that is not there',
      'an instance that',
      [/if \(\(state\.load\(\) & NAPI_BITS\.LISTED\) === 0\)\s*continue;/, ''],
    ],
  ]),
  ...mutants('a CPU dies', 'death', REMAINS, [
    ['a netpoller’s lock goes with it', 'of a netpoller', ['state.dropPollOwner(cpu);', '']],
  ]),
  ...mutants('a CPU dies', 'death', 'napi/state.js', [
    ['and its NPSVC', 'of a netpoller', [/if \(!parked\)\s*this\.clear\(NPSVC\);/, '']],
    ['a busy poller’s bit goes with it', 'of a busy', ['~(HOLDER | IN_BUSY_POLL)) | (to', '~HOLDER) | (to']],
  ]),
];
