// Cold. Runs on: main.
// Names for a world's words, for traces.

import type { World } from './world.js';

const LINE_BYTES = 64; // a cache line

export function labelsOf(world: World): (address: number) => string | undefined {
  const { plan } = world;
  const ring = plan.nic.rings[0]!;
  const names = new Map<number, string>([
    [plan.nic.irq.address, 'LINE'],
    [plan.cpus[0]!.napis, 'NAPI'],
    [ring, 'HEAD'],
    [ring + LINE_BYTES, 'TAIL'],
    [ring + 2 * LINE_BYTES, 'POSTED'],
    [ring + 3 * LINE_BYTES, 'WAITING'],
    [plan.cpus[0]!.pools[0]!, 'RETURNED'],
    [plan.nic.state + 4, 'ENDED'],
    ...contextNames(plan.nicContext, 'nic'),
  ]);
  plan.cpuContexts.forEach((context, cpu) => {
    for (const [address, name] of contextNames(context, `cpu${cpu}`)) names.set(address, name);
    names.set(plan.nic.irq.address + (1 + cpu) * LINE_BYTES, `cpu${cpu}.PENDING`);
  });
  plan.pollerContexts.forEach((context, index) => {
    for (const [address, name] of contextNames(context, `worker${index}`)) names.set(address, name);
  });
  return (address) => names.get(address);
}

/**
 * Words that one thread alone touches as long as main asks nothing: a mailbox and its answer; and as long as nobody waits for a
 * grace period, QUIESCENT. @param asked contexts of which main asks something
 */
export function mailboxesOf({ plan }: World, asked: readonly number[] = []): number[] {
  const others = contextsOf(plan).filter((context) => !asked.includes(context));
  return others.flatMap((context) => [context + LINE_BYTES, context + 2 * LINE_BYTES]);
}

export function quiescentOf({ plan }: World): number[] {
  return contextsOf(plan).map((context) => context + 2 * LINE_BYTES + 4);
}

function contextsOf({ cpuContexts, nicContext, pollerContexts }: World['plan']): number[] {
  return [...cpuContexts, nicContext, ...pollerContexts];
}

/** Of context words at `context`. */
export function contextNames(context: number, role: string): [number, string][] {
  return ['DOORBELL', 'REQUEST', 'DONE'].map((name, line) => [context + line * LINE_BYTES, `${role}.${name}`]);
}
