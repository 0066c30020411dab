// Cold. Runs on: main; starts real threads.
// Sink modules that are no sinks: refused while the machine starts, saying which module and what is wrong with it.

import t from 'tap';
import { RoleError } from '../../src/index.js';
import { start } from './machine.js';
import { threadsLeft } from './threads-left.js';

const BAD = [
  ['no-such-module', /Cannot find module.*no-such-module/],
  ['no-default', /no-default\.js: its default export must be a function/],
  ['throws-at-import', /this module is out of order/],
  ['not-a-sink', /not-a-sink\.js: its default export must return the sink function/],
  ['async-factory', /async-factory\.js: its default export must return the sink function/],
] as const;

for (const [name, message] of BAD) {
  t.test(name, async (t) => {
    const url = new URL(`sinks/${name}.js`, import.meta.url);
    const error = await start({ device: 'pktgen', duration: 30, cpus: 2, sink: { url } }).then(
      () => t.fail('it started'),
      (error: unknown) => error,
    );
    t.type(error, RoleError);
    const { role, message: found } = error as RoleError;
    t.match(role, /^cpu[01]$/);
    t.match(found, message);
    t.notMatch(found, /\n/, 'one line');
    t.same(threadsLeft(), [], 'no thread is left');
    t.comment(found);
  });
}

t.test('data that cannot be sent to a thread is refused', async (t) => {
  const url = new URL('sinks/capture-check.js', import.meta.url);
  await t.rejects(start({ device: 'pktgen', duration: 30, sink: { url, data: () => {} } }), /could not be cloned/);
  t.same(threadsLeft(), [], 'no thread is left');
});
