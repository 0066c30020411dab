// Cold. Runs on: main.
// The places for threads of the application: given out, looked after, and waited for at the end. Such a thread is not ours to end.

import { setTimeout as delay } from 'node:timers/promises';
import type { InspectOptionsStylized } from 'node:util';
import type { AttachHandle } from '../cpu/attached.js';
import { AttachmentWords } from '../memory/attachment.js';
import { ContextWords, STOP } from '../memory/context.js';
import { wakeAfterEnd } from '../memory/doorbell.js';
import { CAPABILITY_NAMES, type Capability, capabilitiesOf } from '../napi/busy-params.js';
import { ErrnoError } from '../runtime/errno.js';
import { INSPECT, shown } from '../runtime/shown.js';
import { threadUse } from '../runtime/thread.js';
import { RoleError } from './errors.js';
import type { Machine } from './machine.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { attachedPart, workerCount } from './recording-paths.js';
import type { Recordings } from './recordings.js';
import type { PollerInfo } from './snapshot-threads.js';
import { iterationsFor } from './work.js';

/** What an attached thread may do. */
export interface AttachOptions {
  /** Default: none. CAP_NET_ADMIN: to prefer busy polling, and polls of more than 8 packets. */
  readonly capabilities?: readonly Capability[];
}

const LOOK_MS = 1;

export class Attachments {
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly recordings: Recordings;
  /** Of the plan's pollers, the workers come first. */
  private readonly first: number;
  private readonly places: readonly { readonly words: AttachmentWords; readonly context: ContextWords }[];

  constructor(machine: Machine, plan: Plan, config: Config, recordings: Recordings) {
    this.machine = machine;
    this.plan = plan;
    this.config = config;
    this.recordings = recordings;
    this.first = workerCount(config);
    this.places = plan.attachments.map((address, index) => ({
      words: new AttachmentWords(machine.views, address),
      context: new ContextWords(machine.views, plan.pollerContexts[this.first + index]!),
    }));
  }

  /** @throws ErrnoError EINVAL · EOPNOTSUPP · EBUSY */
  attach({ capabilities = [] }: AttachOptions): AttachHandle {
    const { length } = this.places;
    const stranger = capabilities.find((name) => !CAPABILITY_NAMES.includes(name));
    if (stranger !== undefined) {
      const right = `there is no such capability; there are ${CAPABILITY_NAMES.join(', ')}`;
      throw new ErrnoError('EINVAL', `attach: capabilities=${String(stranger)}`, right);
    }
    if (length === 0) throw new ErrnoError('EOPNOTSUPP', 'attach', 'the machine was started without attachments');
    this.bury();
    for (const [index, { words }] of this.places.entries()) {
      const ticket = words.give();
      if (ticket !== 0) return this.handle(index, ticket, capabilities);
    }
    throw new ErrnoError('EBUSY', 'attach', `attachments=${length}: as many threads are attached, or have a handle`);
  }

  /** By place. */
  infos(): PollerInfo[] {
    return this.places.map(({ words }, index) => {
      const { taken, tid, cpuNs } = words;
      return { name: nameOf(index), napiId: null, tid: taken ? tid : 0, startNs: taken ? cpuNs : null };
    });
  }

  /** The places of threads that have ended outside of their calls are free. Whoever such a thread was about to wake by an event wakes. */
  bury(): void {
    for (const { words, context } of this.places) {
      if (!context.asleep() || !isDead(words)) continue;
      words.reclaim();
      wakeAfterEnd(this.machine.views.words, this.plan.cpuContexts);
    }
  }

  /** A thread that has ended within a call; null: none has, or the system does not tell. */
  dead(): RoleError | null {
    const index = this.places.findIndex(({ words, context }) => !context.asleep() && isDead(words));
    if (index < 0) return null;
    return new RoleError(nameOf(index), `its thread ended within busyLoop()${this.heldBy(index)}`);
  }

  /** Asks all to leave their calls, and waits for it, at most so long. @returns what is told of those that have not */
  async endAll(patienceMs: number): Promise<RoleError | null> {
    const deadline = performance.now() + patienceMs;
    for (const { context } of this.places) context.ask(STOP);
    const inCall = () => this.places.findIndex(({ context }) => !context.asleep());
    while (inCall() >= 0 && this.dead() === null && performance.now() < deadline) await delay(LOOK_MS);
    const index = inCall();
    if (index < 0) return null;
    const why = `did not leave busyLoop() within ${patienceMs} ms${this.heldBy(index)}`;
    return this.dead() ?? new RoleError(nameOf(index), why);
  }

  private heldBy(index: number): string {
    const context = this.plan.pollers[this.first + index]!.cpu;
    const { device, states } = this.machine;
    const ids = states.filter((state) => state.holder() === context).map((state) => device.idOf(state));
    return ids.length === 0 ? '' : `, and holds SCHED of napi ${ids.join(', ')}`;
  }

  private handle(index: number, ticket: number, capabilities: readonly Capability[]): AttachHandle {
    const { machine, plan } = this;
    const poller = this.first + index;
    const { irq, weight, checkBuffers, verifyL4, work } = this.config;
    const workIterations = iterationsFor(machine.views, plan.workSpeed, work);
    const name = nameOf(index);
    const handle = {
      machine: machine.handle,
      name,
      capabilities: capabilitiesOf(capabilities),
      context: plan.pollerContexts[poller]!,
      attachment: plan.attachments[index]!,
      ticket,
      layout: plan.pollers[poller]!,
      settings: { irq, weight, checkBuffers, verifyL4, workIterations },
      recorder: this.recordings.cpuTask(attachedPart(index)),
    };
    // On main alone: what is sent to a thread loses it.
    return Object.defineProperty(handle, INSPECT, {
      value: (depth: number | null, options: InspectOptionsStylized) =>
        shown('AttachHandle', { name, capabilities }, depth, options),
    });
  }
}

function nameOf(index: number): string {
  return `attached${index}`;
}

/** Where the system tells nothing of threads, nobody is known to be dead. */
function isDead(words: AttachmentWords): boolean {
  return words.taken && words.tid !== 0 && threadUse(words.tid) === null;
}
