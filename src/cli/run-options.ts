// Cold. Runs on: main.
// The options of `softirq run`: names, units, ranges and defaults. What they may be is checked by resolveOptions() alone.

import type { Command } from 'commander';
import { NAPI_KEYS } from '../coordinator/napi-settings.js';
import { CAPABILITY_NAMES } from '../napi/busy-params.js';
import { SYSCTL_NAMES } from '../napi/sysctl.js';
import { THREADED_MODES } from '../napi/threaded.js';
import { PRESET_NAMES } from './presets.js';

type Line = readonly [flags: string, help: string];

const SOURCE: readonly Line[] = [
  [
    '--device <device>',
    'pktgen (generated packets), or pcap:FILE (a capture: pcap or pcapng, plain or gzip; pcap:- is standard input)',
  ],
  ['--duration <s>', 'seconds of traffic (default: 5 for pktgen without --packets; a capture plays once)'],
  ['--packets <n>', 'packets in all (default: no limit)'],
  [
    '--full <what>',
    'when no buffer is posted for a packet: wait (hold the source) or drop (default: wait at full speed, else drop)',
  ],
];

const PKTGEN: readonly Line[] = [
  ['--size <bytes>', 'packet size with FCS, 64 … 9216, several with commas between them, or imix (default: 64)'],
  [
    '--rate <rate>',
    'packets/s (2000, 500k, 1.5M), K% of the capacity found in one second of calibration, or max (default: max)',
  ],
  ['--flows <n>', 'UDP flows, 1 … 65536 (default: 64)'],
  ['--ip <version>', '4, 6 or mixed (default: 4)'],
  ['--arrival <how>', 'constant, poisson or onoff (0.2 s on, 0.2 s off) (default: constant)'],
  ['--seed <n>', '0 … 4294967295; the same seed repeats the same packets (default: 1)'],
];

const CAPTURE: readonly Line[] = [
  ['--loop <n>', 'times to play it; a pipe once (default: 1; with --duration as often as fits)'],
  ['--speed <speed>', 'max, original, or xN for N times faster (default: max)'],
];

const MACHINE: readonly Line[] = [
  ['--cpus <n>', 'CPU threads, 1 … 64 (default: cores less one for the NIC, at least 1)'],
  ['--queues <n>', 'Rx queues, 1 … 128 (default: as many as CPUs)'],
  ['--ring <n>', 'descriptors per queue, a power of two 64 … 4096 (default: 512)'],
  [
    '--mode <mode>',
    `napi, interrupt (one interrupt per packet, as before NAPI), or a preset of settings: ${PRESET_NAMES.join(', ')} (default: napi)`,
  ],
  ['--irq <kind>', 'latch or nolatch: whether the device remembers events while masked (default: latch)'],
  ['--budget <n>', 'packets per net_rx_action, 1 … 1000000 (default: 300)'],
  ['--budget-usecs <µs>', 'time per net_rx_action, µs, 2000 … 10000000 (default: 2000)'],
  ['--weight <n>', 'packets per poll, 1 … 64 (default: 64)'],
  ['--work <ns>', 'synthetic work per packet in the receive path, ns, 0 … 1000000000 (default: 0)'],
  [
    '--on-cpu-loss <what>',
    'when the thread of a CPU dies or is locked up: stop the machine, or migrate its queues (default: stop)',
  ],
  [
    '--lockup-seconds <s>',
    'a CPU whose loop has not turned for so long is locked up, 0 … 3600; 0: none ever is (default: 20)',
  ],
  ['--verify-l4', 'verify UDP and TCP checksums, and drop what does not hold (default: not verified)'],
  [
    '--task <url...>',
    'what runs on each CPU beside ksoftirqd: spin, busy-poll, or the URL of a module with a step function',
  ],
  [
    '--capabilities <name...>',
    `what the tasks may do: ${CAPABILITY_NAMES.join(', ')} (prefer and large budgets in busy polling)`,
  ],
  ['--sysctl <name=value...>', `as sysctl -w: ${SYSCTL_NAMES.join(', ')}; the last of a name wins`],
  [
    '--napi <key=value...>',
    `for every NAPI instance: ${[...NAPI_KEYS.keys()].join(', ')} (ns; ${THREADED_MODES.join(', ')}; true, false); the last of a key wins`,
  ],
  ['--pin', 'pin each thread to a core (Linux)'],
];

const OUTPUT: readonly Line[] = [
  ['--write <file>', 'record the delivered packets in a capture file (pcapng, ns)'],
  [
    '--write-dropped <file>',
    'record the dropped packets, each with the reason as its comment; may be the file of --write',
  ],
  ['--json', 'print one JSON document on stdout instead of the summary'],
  ['--top-flows <n>', 'count each flow, and show the n largest by bytes, 1 … 1000 (default: none)'],
  ['--memory', 'print on stderr how the shared memory is divided'],
  ['--check-buffers', 'check at each hand-over that every buffer is in exactly one place; slow'],
];

const GROUPS: readonly (readonly [heading: string, lines: readonly Line[]])[] = [
  ['Source of packets:', SOURCE],
  ['pktgen:', PKTGEN],
  ['pcap:', CAPTURE],
  ['Machine:', MACHINE],
  ['Output and checks:', OUTPUT],
];

export function addRunOptions(command: Command): void {
  for (const [heading, lines] of GROUPS) {
    command.optionsGroup(heading);
    for (const [flags, help] of lines) command.option(flags, help);
  }
}

export const RUN_NOTES = `
Exit status: 0 done, also after SIGINT or SIGTERM; 1 the run failed; 2 bad usage.
A second signal ends it at once.

Profiles: node --cpu-prof --cpu-prof-dir=DIR $(which softirq) run …
writes one for each thread: main.cpuprofile, nic0.cpuprofile, cpu0.cpuprofile …
Node adds CPU.….cpuprofile, main once more; --cpu-prof-name=main.cpuprofile avoids it.`;
