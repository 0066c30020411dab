// Cold. Runs on: main.
// The options that set what a running machine's host.sysctl and host.napi set, checked by the same rules.

import { setTimeout as delay } from 'node:timers/promises';
import { checkSysctl, type SysctlName } from '../napi/sysctl.js';
import { HZ } from '../runtime/clock.js';
import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import { SoftirqOptionError } from './errors.js';
import type { Machine } from './machine.js';
import { checkNapiSettings, type NapiSettings, netlinkText, tunablesOf } from './napi-settings.js';

/** Sysctls by their names. */
export type SysctlSettings = Partial<Record<SysctlName, number>>;

const STEP_MS = 1;
const MAP = 'must be an object of names and values';

interface Given {
  readonly sysctl?: unknown;
  readonly napi?: unknown;
  readonly mode: 'napi' | 'interrupt';
  readonly budget: number;
  readonly budgetUsecs: number;
}

/** Where `sysctl` says it too, the budgets are those. @throws SoftirqOptionError */
export function resolveKernel({ sysctl: given, napi, mode, budget, budgetUsecs }: Given) {
  const sysctl = resolveSysctl(given);
  return {
    sysctl,
    napi: resolveNapi(napi, mode),
    budget: sysctl['net.core.netdev_budget'] ?? budget,
    budgetUsecs: sysctl['net.core.netdev_budget_usecs'] ?? budgetUsecs,
  };
}

function resolveSysctl(given: unknown): SysctlSettings {
  const settings = asObject('sysctl', given);
  for (const [name, value] of Object.entries(settings)) {
    refuseAs('sysctl', () => checkSysctl(name, value as number, HZ));
  }
  return settings;
}

function resolveNapi(given: unknown, mode: 'napi' | 'interrupt'): NapiSettings {
  const settings = asObject('napi', given);
  refuseAs('napi', () => checkNapiSettings(settings));
  const asked = netlinkText(settings);
  if (mode === 'interrupt' && asked !== '') throw new SoftirqOptionError('napi', asked, 'is only for mode napi');
  return settings;
}

/**
 * Before any thread runs: but for the workers of threaded instances, which run then.
 * @returns null: all is set; else it rejects with a RoleError when a worker cannot be started
 */
export function applySettings(
  { sysctls, device, states }: Machine,
  sysctl: SysctlSettings,
  napi: NapiSettings,
): Promise<void> | null {
  for (const [name, value] of Object.entries(sysctl)) sysctls.set(name as SysctlName, value);
  for (const state of states) {
    device.tune(state, tunablesOf(napi));
    device.setWorker(state, napi.threadWorker ?? false);
  }
  if (napi.threaded === undefined) return null;
  const sets = states.map((state) => device.setThreaded(state, napi.threaded!));
  for (const set of sets) set.begin();
  const waiting = sets.filter((set) => !set.step());
  return waiting.length === 0 ? null : carryOut(waiting);
}

async function carryOut(operations: readonly ControlOperation[]): Promise<void> {
  for (const operation of operations) while (!operation.step()) await delay(STEP_MS);
}

function asObject(option: string, given: unknown): Record<string, never> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new SoftirqOptionError(option, given, MAP);
  }
  return { ...given };
}

function refuseAs(option: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    throw new SoftirqOptionError(option, error.what.replace('napi-set: ', ''), error.why);
  }
}
