// Cold. Runs on: main.
// In interrupt mode: who has got the backlog of a CPU that runs no more, and when its lines follow, so that each flow keeps its order.
// A line's packets lie in the backlog of the line's target alone, and of who is about to inherit that.
//
//   1  main    the instance is the heir's: CALL_CPU_DEAD                   the dead CPU's words are the heir's with it
//   2  heir    the packets go through its own backlog; it lets SCHED go    the words are main's again
//   3  main    nobody holds the instance: the lines are the heir's         its handlers put their packets behind those
//   never      3 before 2                                                  later packets would come first
// An heir may end, too. What it has not moved yet goes to the next one, but behind what it had in its own backlog: of that a part may
// have come from there. A call that comes late finds the instance with somebody else, or with nobody, and does nothing.
//
// What a CPU has lost is what its books do not explain:
//   taken out of rings + received from backlogs = delivered + dropped + malformed + waiting + left to heirs + lost

import { CALL_CPU_DEAD, type Calls } from '../irq/call.js';
import type { IrqLine } from '../irq/line.js';
import type { Views } from '../memory/views.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import { backlogWaiting } from '../net/backlog-counts.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import { lastQueue, readBacklog } from '../net/backlog-packets.js';

/** A backlog that is being inherited. */
interface Inheritance {
  readonly heir: number;
  /** Packets that waited when the heir got it. */
  readonly packets: number;
  /** Its owner ended anywhere: an interrupt may have been taken, and not handled. */
  readonly accident: boolean;
  /** A CPU whose backlog the heir must have inherited before; null: it has been called. */
  after: number | null;
}

export class BacklogHeirs {
  private readonly views: Views;
  private readonly layouts: readonly BacklogLayout[];
  private readonly links: number;
  /** By CPU: the instances of backlogs. */
  private readonly states: readonly NapiState[];
  private readonly lines: readonly IrqLine[];
  private readonly calls: Calls;
  /** By the backlog's owner. */
  private readonly inherited = new Map<number, Inheritance>();
  /** Packets by CPU: what its backlog has got from others', less what it has left to others. */
  private readonly balance: number[];

  /** @param links byte address of the link words */
  constructor(
    views: Views,
    layouts: readonly BacklogLayout[],
    links: number,
    states: readonly NapiState[],
    lines: readonly IrqLine[],
    calls: Calls,
  ) {
    this.views = views;
    this.layouts = layouts;
    this.links = links;
    this.states = states;
    this.lines = lines;
    this.calls = calls;
    this.balance = layouts.map(() => 0);
  }

  // ── the books, when the thread of `cpu` has ended, before anything is handed on ──

  /** Its own backlog, and those that it was inheriting. */
  private ownedBy(cpu: number): number[] {
    return [cpu, ...[...this.inherited].filter(([, { heir }]) => heir === cpu).map(([owner]) => owner)];
  }

  /** The queues whose buffers and packets were its alone, and the buffers that wait in backlogs. */
  holdings(cpu: number): { readonly queues: number[]; readonly buffers: number[] } {
    const owned = this.ownedBy(cpu);
    const buffers = owned.flatMap((owner) => readBacklog(this.views, this.layouts[owner]!, this.links).buffers);
    return { queues: this.lines.filter((line) => owned.includes(line.target())).map(({ id }) => id), buffers };
  }

  /** Packets that its books must explain beside those that it took out of rings. */
  received(cpu: number): number {
    const moved = this.ownedBy(cpu).map((owner) => (owner === cpu ? 0 : this.moved(owner)));
    return this.balance[cpu]! + moved.reduce((sum, packets) => sum + packets, 0) - this.waiting(cpu);
  }

  /** The queue of the packet that it had in hand, if it was in no queue's. */
  queueInHand(cpu: number): number {
    const inheriting = this.ownedBy(cpu).find((owner) => owner !== cpu && this.isHeld(owner) && this.moved(owner) > 0);
    return lastQueue(this.views, this.layouts[inheriting ?? cpu]!);
  }

  private waiting(cpu: number): number {
    return backlogWaiting(this.views, this.layouts[cpu]!);
  }

  /** What the heir has taken out of it so far. */
  private moved(owner: number): number {
    return this.inherited.get(owner)!.packets - this.waiting(owner);
  }

  // ── handing on ──

  /** The backlog of `cpu`, and all that it was inheriting, go to `heir`. */
  handOn(cpu: number, heir: number, accident: boolean): void {
    // It may have ended after it had stored packets, and before it had scheduled the instance.
    if (accident) this.states[cpu]!.scheduleBacklog(cpu);
    for (const owner of this.ownedBy(cpu)) if (owner !== cpu) this.handOnAgain(owner, cpu, heir);
    if (!this.states[cpu]!.takeOver(cpu, heir)) return; // Nothing waits, or it has an heir.
    const packets = this.waiting(cpu);
    this.balance[cpu]! -= packets;
    this.inherited.set(cpu, { heir, packets, accident, after: null });
    this.calls.call(heir, CALL_CPU_DEAD, cpu);
  }

  private handOnAgain(owner: number, from: number, heir: number): void {
    const { accident, after } = this.inherited.get(owner)!;
    this.balance[from]! += this.moved(owner);
    this.states[owner]!.takeOver(from, heir); // False: it was done, and only the lines have not followed.
    const behind = after !== null && this.isHeld(after) ? after : from;
    this.inherited.set(owner, { heir, packets: this.waiting(owner), accident, after: behind });
  }

  /** Another CPU has it still to take over. */
  isHeld(owner: number): boolean {
    return this.states[owner]!.holder() !== NO_HOLDER; // Pairs with the end of Backlog.inherit().
  }

  /** Again and again, while `holds()`: the lines follow when the heir is through. @param heir theirs, if nothing waited */
  follow(owner: number, heir: number): void {
    const inheritance = this.inherited.get(owner);
    if (inheritance !== undefined) this.callInTurn(owner, inheritance);
    if (this.isHeld(owner) || (inheritance ?? NOBODY).after !== null) return;
    if (inheritance !== undefined) this.balance[inheritance.heir]! += inheritance.packets;
    this.inherited.delete(owner);
    for (const line of this.lines) if (line.target() === owner) moveLine(line, inheritance ?? { ...NOBODY, heir });
  }

  private callInTurn(owner: number, inheritance: Inheritance): void {
    if (inheritance.after === null || this.isHeld(inheritance.after)) return;
    inheritance.after = null;
    this.calls.call(inheritance.heir, CALL_CPU_DEAD, owner);
  }

  holds(owner: number): boolean {
    return this.isHeld(owner) || this.inherited.has(owner) || this.lines.some((line) => line.target() === owner);
  }
}

/** Nothing waited. */
const NOBODY: Inheritance = { heir: -1, packets: 0, accident: false, after: null };

function moveLine(line: IrqLine, { heir, accident }: Inheritance): void {
  line.retarget(heir);
  if (accident) line.raise();
}
