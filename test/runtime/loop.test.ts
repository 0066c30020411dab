// Cold. Runs on: main.
// The loop around an agent: its mailbox, its idling, its end.

import t from 'tap';
import { END_SOURCE, STOP } from '../../src/memory/context.js';
import { runLoop } from '../../src/runtime/loop.js';
import { CONTEXT, FakeAgent } from './fake-agent.js';

function run(agent: FakeAgent, idle: (turn: number) => void): string[] {
  const log: string[] = [];
  const policy = {
    busy: () => log.push('busy'),
    idle: () => {
      log.push('idle');
      idle(log.length);
    },
  };
  runLoop(agent.views, CONTEXT, agent, policy);
  return log;
}

t.test('busy while there is work, idle when there is none, until STOP', async (t) => {
  const agent = new FakeAgent();
  agent.work = [3, 1, 0, 2];
  const log = run(agent, (turn) => turn > 4 && agent.context.ask(STOP));
  t.same(log, ['busy', 'busy', 'idle', 'busy', 'idle']);
  t.equal(agent.context.quiescent(), 5, 'each turn says that it is alive');
  t.same(agent.handled, [], 'STOP is the loop’s own matter');
});

t.test('a request is carried out once, and reported', async (t) => {
  const agent = new FakeAgent();
  const log = run(agent, (turn) => {
    if (turn === 1) agent.context.ask(END_SOURCE);
    if (turn === 2) t.equal(agent.context.done(), END_SOURCE);
    if (turn === 3) agent.context.ask(STOP);
  });
  t.same(agent.handled, [END_SOURCE]);
  t.equal(log.length, 3);
});

t.test('STOP is seen although there is always work', async (t) => {
  const agent = new FakeAgent();
  agent.work = [1, 1, 1, 1];
  agent.atWork = () => agent.work.length === 2 && agent.context.ask(STOP);
  t.same(
    run(agent, () => t.fail('idle')),
    ['busy', 'busy', 'busy'],
  );
});

t.test('asked to stop before it begins', async (t) => {
  const agent = new FakeAgent();
  agent.context.ask(STOP);
  t.same(
    run(agent, () => {}),
    [],
  );
});
