// Cold. Runs on: CPU n.
// A task that forgets to be synchronous.

export default () => async () => true;
