// Cold. Runs on: CPU n.
// A task that wants more of a poll than everybody may have.

import type { TaskFactory } from '../../../src/index.js';

const factory: TaskFactory = ({ napi }) => {
  const wait = napi.wait(napi.packets, { budget: 65 });
  return () => wait.wait();
};

export default factory;
