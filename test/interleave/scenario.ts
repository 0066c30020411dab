// Cold. Runs on: every thread of the explorer.
// What the scenarios of this folder are made with.

export { viewsOf } from '../../src/explore/checking-views.js';
export {
  bufferOf,
  onePage,
  type Scenario,
  type ScenarioFactory,
  type Shared,
  spin,
  wordsOf,
} from '../../src/explore/scenario.js';
