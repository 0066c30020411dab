// Cold. Runs on: main. The public test tools.

export { simulate } from './simulate/machine.js';
