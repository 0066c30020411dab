// Cold. Runs on: main; starts real threads.
// Threads of roles, one by one: started, asked to leave, started anew, killed, stuck and ended; and what is told of each.

import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { createMachine } from '../../src/coordinator/machine.js';
import type { TaskOption } from '../../src/coordinator/options.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { Recordings } from '../../src/coordinator/recordings.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { RoleTasks } from '../../src/coordinator/role-tasks.js';
import { Roles } from '../../src/coordinator/roles.js';
import { ContextWords } from '../../src/memory/context.js';
import { GracePeriod } from '../../src/memory/grace.js';
import type { NicSettings } from '../../src/nic/build.js';
import { threadsLeft } from './threads-left.js';

const LIMIT_MS = 10_000;

/** A machine in which only CPU 0 is ever started, and what is told of it. */
function crew(task?: TaskOption) {
  const config = resolveOptions({ device: 'pktgen', cpus: 1, execArgv: [], spin: false, ...(task && { task }) });
  const plan = makePlan({ ...config, frames: 64, tasks: config.task.length });
  const machine = createMachine(plan, config.ring, config.irq, compileBursts());
  const tasks = new RoleTasks(machine, plan, config, {} as NicSettings, new Recordings(machine.views, plan, config));
  const context = new ContextWords(machine.views, plan.cpuContexts[0]!);
  const told: string[] = [];
  const roles = new Roles([], {
    returned: (role, _, asked) => told.push(`${role} returned, ${asked ? 'asked' : 'not asked'}`),
    died: (role, error) => told.push(`${role} died: ${(error as Error).message}`),
  });
  const start = () => roles.start('cpu0', 'cpu', context, tasks.cpu(0, null));
  return { context, roles, told, start };
}

t.test('a role starts, leaves, and starts anew', async (t) => {
  const { context, roles, told, start } = crew();
  for (let round = 0; round < 2; round += 1) {
    start();
    t.ok(await roles.runs('cpu0', LIMIT_MS), 'its loop runs');
    t.throws(start, { message: 'role cpu0: it is up' });
    t.equal(await roles.leave('cpu0', LIMIT_MS), true, 'it left by itself');
    t.notOk(roles.isUp('cpu0'));
    t.same(threadsLeft(), [], 'nothing of it runs');
  }
  t.same(told, Array(2).fill('cpu0 returned, asked'));
  t.equal(await roles.leave('cpu0', 0), true, 'who is down need not leave');
  t.equal(await roles.runs('cpu0', LIMIT_MS), false, 'who is down does not run');
  t.ok(context.asleep() && new GracePeriod([context]).over(), 'no grace period waits for it');
});

t.test('a thread that is killed is told when nothing of it runs any more, and can be started anew', async (t) => {
  const { roles, told, start } = crew();
  start();
  await roles.runs('cpu0', LIMIT_MS);
  await roles.kill('cpu0');
  while (roles.isUp('cpu0')) await turn();
  t.same(told, ['cpu0 died: worker exited with code: 1']);
  t.same(threadsLeft(), []);
  start();
  t.ok(await roles.runs('cpu0', LIMIT_MS));
  t.same(await roles.endAll(LIMIT_MS), []);
  t.equal(told.at(-1), 'cpu0 returned, asked');
});

t.test('a thread that does not leave in time is ended, and that is no accident', async (t) => {
  const { context, roles, told, start } = crew({ url: new URL('tasks/stuck.js', import.meta.url) });
  const stuck = async () => {
    await roles.runs('cpu0', LIMIT_MS);
    for (let turns = -1; turns !== context.quiescent(); await delay(20)) turns = context.quiescent();
  };
  start();
  await stuck();
  t.equal(await roles.leave('cpu0', 20), false, 'it had to be ended');
  t.same(told, [], 'whoever ended it knows');
  t.notOk(roles.isUp('cpu0'));
  t.ok(context.asleep());
  start();
  await stuck();
  await roles.end('cpu0');
  t.same([told, threadsLeft()], [[], []]);
  start();
  await stuck();
  t.same(await roles.endAll(20), ['cpu0'], 'and so it is at the end of all');
});
