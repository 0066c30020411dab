// Cold. Runs on: main, threads of the explorer.
// The public test tools.

export * from './explore/index.js';
