// Cold. Runs on: main.
// CPUs that go, come and die under a user's own driver, by what `softirq/testing` exports alone.

import { ErrnoError, type SimulatedCpu, type Simulation, simulate } from 'softirq/testing';
import t from 'tap';
import { Nic, type Packet } from './nic.js';

const FLOWS = 8;
const SEEDS = [1, 2, 3];

function two(seed: number): { m: Simulation; cpu0: SimulatedCpu; cpu1: SimulatedCpu; nic: Nic } {
  const m = simulate({ cpus: 2, seed, turnNs: [0, 1000, 50_000] });
  return { m, cpu0: m.cpus[0]!, cpu1: m.cpus[1]!, nic: new Nic(m, 2, FLOWS) };
}

/** 100 rounds: a packet of each flow, and a turn. */
function traffic(m: Simulation, nic: Nic): void {
  for (let round = 0; round < 100; round += 1) {
    for (let flow = 0; flow < FLOWS; flow += 1) nic.arrive(flow);
    m.turn();
  }
}

t.test('offline under traffic, one and then the other: everything is delivered once, each flow in order', async (t) => {
  for (const seed of SEEDS) {
    const { m, cpu0, cpu1, nic } = two(seed);
    const targets = () => nic.lines.map((line) => line.target());
    traffic(m, nic);
    cpu1.offline();
    t.same([targets(), cpu1.isOnline], [[0, 0], false]);
    traffic(m, nic);
    t.same(cpu1.pollList, []);
    cpu1.online();
    nic.lines[1]!.retarget(1);
    traffic(m, nic);
    cpu0.offline();
    t.same([targets(), cpu0.isOnline], [[1, 1], false]);
    traffic(m, nic);
    m.run();
    t.same(nic.delivered, nic.expected, `seed ${seed}`);
    t.same(
      nic.napis.map((napi) => napi.state),
      [['LISTED'], ['LISTED']],
      'and all are idle',
    );
  }
});

t.test(
  'a CPU to whose backlog packets are steered: they come before what is steered elsewhere afterwards',
  async (t) => {
    for (const seed of SEEDS) {
      const { m, cpu0, cpu1, nic } = two(seed);
      nic.lines[1]!.retarget(0);
      const held: Packet[] = [];
      let to: SimulatedCpu | null = cpu1;
      nic.onPacket = (packet) => {
        if (packet.flow % 2 === 0) nic.deliver(packet);
        else if (to === null) held.push(packet);
        else if (!cpu0.enqueueToBacklog(to.id, packet)) t.fail('there is no room');
      };
      for (const { backlog } of m.cpus) backlog.onPacket = (packet) => nic.deliver(packet as Packet);
      traffic(m, nic);
      nic.arrive(1);
      cpu0.turn();
      to = null;
      t.ok(cpu1.backlog.inputPktQueue > 0, 'some wait there');
      cpu1.offline();
      t.same([cpu1.backlog.inputPktQueue, cpu1.backlog.processQueue], [0, 0]);
      to = cpu0;
      cpu0.bhDisabled(() => held.splice(0).map(nic.onPacket));
      traffic(m, nic);
      m.run();
      t.same(nic.delivered, nic.expected, `seed ${seed}`);
      cpu1.online();
      to = cpu1;
      const { processed } = cpu1;
      traffic(m, nic);
      m.run();
      t.same(nic.delivered, nic.expected, `seed ${seed}`);
      t.ok(cpu1.processed > processed, 'it takes part again');
    }
  },
);

t.test('killed in the middle of a poll: the packet in its hand is lost, and no other', async (t) => {
  for (const seed of SEEDS) {
    const { m, cpu0, cpu1, nic } = two(seed);
    const lost: Packet[] = [];
    let packets = 0;
    nic.onPacket = (packet) => {
      if (m.smpProcessorId === 1) packets += 1;
      if (packets === 100 && lost.length === 0) {
        lost.push(packet);
        cpu1.kill();
      }
      nic.deliver(packet);
    };
    traffic(m, nic);
    t.same([cpu1.isOnline, packets, lost.length], [false, 100, 1]);
    traffic(m, nic);
    m.run();
    const [{ flow, number }] = lost as [Packet];
    const expected = nic.expected.map((numbers, of) => numbers.filter((n) => of !== flow || n !== number));
    t.same(nic.delivered, expected, `seed ${seed}`);
    cpu1.online();
    cpu0.offline();
    traffic(m, nic);
    m.run();
    t.equal(nic.delivered.flat().length, nic.expected.flat().length - 1);
    t.ok(packets > 100, 'its fresh thread polls');
  }
});

t.test('what cannot be is an ErrnoError with its code', async (t) => {
  const { cpu0, cpu1 } = two(1);
  t.throws(() => cpu1.online(), { code: 'EINVAL' });
  cpu1.kill();
  t.throws(() => cpu1.offline(), { code: 'EINVAL', message: /must be online, and is lost/ });
  try {
    cpu0.kill();
    t.fail('the last one');
  } catch (error) {
    t.ok(error instanceof ErrnoError);
    t.equal((error as ErrnoError).code, 'EBUSY');
  }
});
