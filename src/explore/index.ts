// Cold. Runs on: main, threads of the explorer.
// What `softirq/testing` has of the explorer.

export { viewsOf } from './checking-views.js';
export {
  type Exploration,
  type ExploreOptions,
  explore,
  type RandomExploration,
  type RandomOptions,
  replay,
} from './explore.js';
export type { Failure } from './report.js';
export {
  type Ends,
  onePage,
  type Scenario,
  type ScenarioFactory,
  type Shared,
  spin,
  wordsOf,
} from './scenario.js';
export type { Step } from './trace.js';
