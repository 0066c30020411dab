// Cold. Runs on: main.
// A machine that does not end: who has stopped, and what each place still holds.

import { setTimeout as delay } from 'node:timers/promises';
import type { RunningHost } from '../../src/coordinator/host.js';
import { napiState } from '../../src/cpu/build.js';
import type { Snapshot } from '../../src/index.js';
import { ContextWords } from '../../src/memory/context.js';
import { isAsleep } from '../../src/memory/doorbell.js';
import { ringWaiting } from '../../src/ring/rx-ring.js';

const LOOK_MS = 200;

/** Looks twice: a counter that stands still between the looks names the role that does. */
export async function whoIsStuck(host: RunningHost): Promise<string> {
  const before = host.snapshot();
  await delay(LOOK_MS);
  const now = host.snapshot();
  return [law(now), nic(host, before, now), ...cpus(host, before, now), ...queues(host, now)].join('\n  ');
}

function law({ conservation: { offered, delivered, dropped, inFlight }, config }: Snapshot): string {
  const options = JSON.stringify(config, (_, value: unknown) => value ?? undefined);
  return `offered ${offered}, delivered ${delivered}, dropped ${dropped}, in flight ${inFlight}, of ${options}`;
}

function nic(host: RunningHost, before: Snapshot, now: Snapshot): string {
  const { plan } = host.supervisor.source;
  const moved = now.nics[0]!.rxPackets - before.nics[0]!.rxPackets;
  return `nic0: ${life(host, plan.nicContext)}, ${moved} packets in ${LOOK_MS} ms, pauses ${now.nics[0]!.pauses}`;
}

function cpus(host: RunningHost, before: Snapshot, now: Snapshot): string[] {
  const { plan } = host.supervisor.source;
  return now.cpus.map(({ id, processed, hardirqs, sleeps }) => {
    const moved = processed - before.cpus[id]!.processed;
    const alive = life(host, plan.cpuContexts[id]!);
    return `cpu${id}: ${alive}, ${moved} packets in ${LOOK_MS} ms, hardirqs ${hardirqs}, sleeps ${sleeps}`;
  });
}

function queues(host: RunningHost, now: Snapshot): string[] {
  const { machine, plan } = host.supervisor.source;
  return now.nics[0]!.queues.map(({ id, cpu, irqs, polls, completions }) => {
    const waiting = ringWaiting(machine.views, plan.nic.rings[id]!);
    const line = `line for cpu${cpu}${machine.lines[id]!.isPending() ? ', pending' : ''}`;
    const holder = napiState(machine.views, plan.cpus[0]!.napis, id).holder();
    const napi = holder < 0 ? 'idle' : `held by cpu${holder}`;
    return `queue ${id}: ${waiting} descriptors wait, ${line}, napi ${napi}, irqs ${irqs}, polls ${polls}, completions ${completions}`;
  });
}

function life(host: RunningHost, context: number): string {
  const { views } = host.supervisor.source.machine;
  const words = new ContextWords(views, context);
  const sleep = isAsleep(views.words, context / 4) ? 'asleep' : 'awake';
  return `${sleep}, request ${words.request()}, done ${words.done()}, turn ${words.quiescent()}`;
}
