// Cold. Runs on: main; starts real threads.
// NAPIs move: a line changes its CPU about every 50 completions while traffic runs. All packets arrive in order, once, as
// they were sent, multi-descriptor frames included, and no buffer is ever in two places.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { HostOptions } from '../../src/index.js';
import { POLL_COUNTERS, readCounters } from '../../src/memory/counters.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, LONG, start } from './machine.js';

const COMPLETIONS_BETWEEN_MOVES = 50;
const LOOK_MS = 1;

// Small rings are emptied, and completed, often. A crowded machine moves some 100,000 packets/s.
const VARIANTS = [
  { name: 'one queue, latch', packets: 400_000, options: { queues: 1, ring: 64 } },
  {
    name: 'one queue, nolatch, small weight',
    packets: 250_000,
    options: { queues: 1, ring: 64, weight: 16, irq: 'nolatch' },
  },
  { name: 'two queues, nolatch', packets: 300_000, options: { queues: 2, ring: 64, irq: 'nolatch' } },
  {
    name: 'one queue, latch, checked at each hand-over',
    packets: 50_000,
    options: { queues: 1, ring: 64, checkBuffers: true },
  },
] as const;

interface Moves {
  moves: number;
  /** Polls by another CPU after moveLine() had said that there are none any more. */
  late: number;
}

/** Both CPUs' polls and completions of one queue: read where they are, because a snapshot asks the system for more. */
class QueueWatch {
  private readonly host: RunningHost;
  private readonly queue: number;

  constructor(host: RunningHost, queue: number) {
    this.host = host;
    this.queue = queue;
  }

  completions(): number {
    return this.read(0).completions + this.read(1).completions;
  }

  polls(cpu: number): number {
    return this.read(cpu).polls;
  }

  private read(cpu: number) {
    const { machine, plan } = this.host.supervisor.source;
    return readCounters(machine.views, POLL_COUNTERS, plan.cpus[cpu]!.pollCounters[this.queue]!);
  }
}

/** Moves one queue's line to and fro until the machine ends. */
async function moveToAndFro(host: RunningHost, queue: number): Promise<Moves> {
  const watch = new QueueWatch(host, queue);
  const result = { moves: 0, late: 0 };
  let [cpu, moved, pollsOfOther] = [queue, 0, -1];
  while (!host.supervisor.ended) {
    if (watch.completions() - moved < COMPLETIONS_BETWEEN_MOVES) {
      await delay(LOOK_MS);
      continue;
    }
    moved = watch.completions();
    if (pollsOfOther >= 0 && watch.polls(1 - cpu) !== pollsOfOther) result.late += 1;
    cpu = 1 - cpu;
    await host.moveLine(queue, cpu);
    pollsOfOther = watch.polls(1 - cpu);
    result.moves += 1;
  }
  return result;
}

t.setTimeout(FILE_MS);

for (const variant of VARIANTS) {
  t.test(variant.name, async (t) => {
    const packets = LONG ? variant.packets * 10 : variant.packets;
    const options: HostOptions = { device: 'pktgen', size: '64,1518,9000', cpus: 2, packets, ...variant.options };
    const sent = new SentFlows(options);
    const began = Date.now();
    const host = await start({ ...options, sink: sent.sink });
    const movers = Array.from({ length: variant.options.queues }, (_, queue) => moveToAndFro(host, queue));
    const snapshot = await endsWithin(host, LONG ? 600_000 : 60_000);
    const moves = await Promise.all(movers);

    t.same(sent.faults(packets, true), [], 'each flow whole and in order, each packet as it was sent');
    t.equal(snapshot.conservation.delivered, packets);
    t.equal(snapshot.stack.deliveredBytes, snapshot.nics[0]!.offeredBytes, 'delivered bytes equal sent bytes');
    t.ok(
      snapshot.cpus.every((cpu) => cpu.processed > packets / 50),
      'both CPUs had a part in it',
    );
    for (const [queue, { completions }] of snapshot.nics[0]!.queues.entries()) {
      const { moves: made, late } = moves[queue]!;
      t.ok(made >= 5, `queue ${queue} moved again and again`);
      t.equal(late, 0, 'after moveLine() no other CPU polls the queue');
      t.comment(`queue ${queue}: ${completions} completions, ${made} moves`);
    }
    t.comment(`${packets} packets in ${Date.now() - began} ms`);
  });
}
