// Cold. Runs on: CPU n.
// A task that fails in its first step, just after all threads have met.

export default () => () => {
  throw new Error('not even one step');
};
