// Cold. Runs on: main.
// A long random program over a deterministic machine: traffic, settings, and CPUs that go, come and die at whatever point the seed says.

import { type SimulatedCpu, type Simulation, simulate } from 'softirq/testing';
import { Random } from '../../src/runtime/random.js';
import { Nic, type Packet } from './nic.js';

const CPUS = 4;
const FLOWS = 16;
const STEPS = 1500;
/** Of the packets and interrupts, one in so many is a CPU's last. */
const DEADLY = 400;

export interface Outcome {
  readonly trace: string;
  /** Packets by flow, in the order in which they came; flows with odd numbers went through a backlog. */
  readonly delivered: readonly (readonly number[])[];
  readonly sent: number;
  /** In the hand of a CPU that was killed. */
  readonly lost: number;
  /** Found a full backlog. */
  readonly dropped: number;
  readonly deaths: number;
  /** offline() and online(). */
  readonly moves: number;
  /** What was not as in a machine at rest, when it was. */
  readonly restless: readonly string[];
}

export function runProgram(seed: number): Outcome {
  return new Program(seed).run();
}

class Program {
  private readonly random: Random;
  private readonly m: Simulation;
  private readonly nic: Nic;
  /** Nobody dies any more. */
  private calm = false;
  private lost = 0;
  private deaths = 0;
  private moves = 0;
  private readonly restless: string[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.m = simulate({ cpus: CPUS, seed, turnNs: [0, 1000, 50_000], budget: 100 });
    this.m.sysctls.set('net.core.netdev_max_backlog', 100);
    this.nic = new Nic(this.m, CPUS, FLOWS);
    this.nic.onInterrupt = () => this.mayDie();
    this.nic.onPacket = (packet) => this.receive(packet);
    for (const cpu of this.m.cpus) this.populate(cpu);
  }

  /** What is there on each CPU, again and again. */
  private populate(cpu: SimulatedCpu): void {
    const event = this.m.event();
    cpu.backlog.onPacket = (packet) => this.last(packet as Packet);
    cpu.open('TASKLET', () => event.signal(0));
    cpu.addApplication('app', ({ napi }) => {
      const wait = napi.wait([event]);
      return () => {
        this.mayDie();
        return wait.wait(Number.POSITIVE_INFINITY);
      };
    });
  }

  run(): Outcome {
    for (let step = 0; step < STEPS; step += 1) this.pick(OPERATIONS)(this);
    this.calm = true;
    this.revive();
    this.rest();
    const { delivered, expected } = this.nic;
    const dropped = this.m.cpus.reduce((sum, { backlog }) => sum + backlog.dropped, 0);
    return {
      trace: this.m.trace.lines.join('\n'),
      delivered,
      sent: expected.flat().length,
      lost: this.lost,
      dropped,
      deaths: this.deaths,
      moves: this.moves,
      restless: this.restless,
    };
  }

  private revive(): void {
    for (const cpu of this.m.cpus) if (!cpu.isOnline) cpu.online();
  }

  /** Nothing moves any more: then there is nothing to do. */
  rest(): void {
    for (const cpu of this.m.cpus) cpu.needResched = false;
    this.m.run();
    const { lines, napis, waiting } = this.nic;
    this.restless.push(
      ...(waiting === 0 ? [] : [`${waiting} packets in rings`]),
      ...lines.filter((line) => !line.isEnabled()).map((line) => line.describe()),
      ...napis.filter(({ holder }) => holder !== null).map(({ name, state }) => `${name}: ${state}`),
      ...this.m.cpus.filter((cpu) => cpu.backlog.holder !== null).map(({ id }) => `backlog ${id}`),
      ...this.m.cpus.flatMap(({ pollList }) => pollList),
    );
  }

  // ── where a CPU may die ──

  private mayDie(): void {
    if (!this.calm && this.random.below(DEADLY) === 0) this.die();
  }

  /** A CPU dies, most often the one that executes this. */
  die(): void {
    const own = this.m.smpProcessorId;
    const cpu = own !== null && this.random.below(4) > 0 ? this.m.cpus[own]! : this.pick(this.m.cpus);
    if (!this.isDispensable(cpu)) return;
    this.deaths += 1;
    cpu.kill();
  }

  private get online(): SimulatedCpu[] {
    return this.m.cpus.filter(({ isOnline }) => isOnline);
  }

  private isDispensable(cpu: SimulatedCpu): boolean {
    return cpu.isOnline && this.online.length > 1;
  }

  /** A poll has it in its hand. */
  private receive(packet: Packet): void {
    const to = this.pick(this.m.cpus);
    if (packet.flow % 2 === 0 || !to.isOnline) this.last(packet);
    else this.m.cpus[this.m.smpProcessorId!]!.enqueueToBacklog(to.id, packet);
  }

  /** As the stack has it: the CPU may die before it has counted it. */
  private last(packet: Packet): void {
    this.lost += 1;
    this.mayDie();
    this.lost -= 1;
    this.nic.deliver(packet);
  }

  // ── operations ──

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!;
  }

  turns(): void {
    for (let turns = this.random.below(5); turns > 0; turns -= 1) this.m.turn();
  }

  arrivals(): void {
    for (let packets = this.random.below(100); packets > 0; packets -= 1) this.nic.arrive(this.random.below(FLOWS));
  }

  offline(): void {
    const cpu = this.pick(this.m.cpus);
    if (!this.isDispensable(cpu)) return;
    this.moves += 1;
    const by = this.pick(this.m.cpus);
    if (by === cpu || !by.isOnline) cpu.offline();
    else by.task(() => cpu.offline());
    if (!by.isOnline) this.m.run(); // It has died over it, or else long ago.
  }

  comeBack(): void {
    const cpu = this.pick(this.m.cpus);
    if (cpu.isOnline) return;
    this.moves += 1;
    cpu.online();
  }

  retarget(): void {
    const cpu = this.pick(this.m.cpus);
    if (cpu.isOnline) this.pick(this.nic.lines).retarget(cpu.id);
  }

  tasklet(): void {
    const cpu = this.pick(this.m.cpus);
    if (cpu.isOnline) cpu.irq(() => cpu.raise('TASKLET'));
  }

  resched(): void {
    const cpu = this.pick(this.m.cpus);
    cpu.needResched = !cpu.needResched;
  }

  tune(): void {
    this.pick(this.nic.napis).tune({ deferHardIrqs: this.random.below(3), groFlushTimeoutNs: this.pick([0, 20_000]) });
  }

  threaded(): void {
    this.pick(this.nic.napis).setThreaded(this.pick(['enabled', 'disabled']));
  }

  disable(): void {
    const napi = this.pick(this.nic.napis);
    napi.disable();
    napi.enable();
    this.pick(this.online).irq(() => napi.schedule()); // Its line may be masked: as ndo_open does.
  }

  busyLoop(): void {
    const cpu = this.pick(this.m.cpus);
    let polls = this.random.below(10);
    const prefer = this.random.below(2) === 0;
    if (cpu.isOnline) cpu.busyLoop(this.pick(this.nic.napis).napiId, { prefer, loopEnd: () => --polls < 0 });
  }
}

/** As often as it stands there. */
const OPERATIONS: readonly ((program: Program) => void)[] = [
  ...Array(12).fill((program: Program) => program.turns()),
  ...Array(6).fill((program: Program) => program.arrivals()),
  (program) => program.offline(),
  (program) => program.die(),
  (program) => program.comeBack(),
  (program) => program.comeBack(),
  (program) => program.retarget(),
  (program) => program.tasklet(),
  (program) => program.resched(),
  (program) => program.tune(),
  (program) => program.threaded(),
  (program) => program.disable(),
  (program) => program.busyLoop(),
  (program) => program.rest(),
];
