// Cold. Runs on: main.
// `--mode`: what receives. Besides the machine's own modes there are presets, each a name for some settings; `--sysctl` and
// `--napi` that stand beside it win. And how these two are typed.

import { NAPI_KEYS, NETLINK_NAMES } from '../coordinator/napi-settings.js';
import { didYouMean } from '../coordinator/nearest.js';
import { CAPABILITY_NAMES } from '../napi/busy-params.js';
import { UsageError } from './one-line.js';

/** What is typed, by option: NAME=VALUE, KEY=VALUE. */
interface Preset {
  readonly sysctl?: readonly string[];
  readonly napi?: readonly string[];
  /** Beside those that are typed. */
  readonly task?: readonly string[];
}

/** Two timer polls of 200 µs, then the interrupt: what Documentation/networking/af_xdp.rst sets for busy polling. */
const DEFERRED = ['defer-hard-irqs=2', 'gro-flush-timeout=200000'];

const PRESETS: Readonly<Record<string, Preset>> = {
  'busy-poll': { napi: DEFERRED, task: ['busy-poll'] },
  defer: { napi: DEFERRED },
  // The safety time-out is far longer than the other: an application that works is not interrupted (Documentation/networking/napi.rst).
  suspend: { napi: [...DEFERRED, 'irq-suspend-timeout=20000000'], task: ['busy-poll'] },
  threaded: { napi: ['threaded=enabled'] },
  'threaded-busy-poll': { napi: ['threaded=busy-poll'] },
};

export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);
const MODES: readonly string[] = ['napi', 'interrupt', ...PRESET_NAMES];

interface Typed {
  readonly mode?: string;
  readonly sysctl?: readonly string[];
  readonly napi?: readonly string[];
  readonly task?: readonly string[];
  readonly capabilities?: readonly string[];
}

/**
 * The options as the library has them.
 * @returns notes: what a preset sets, as it is in force
 * @throws UsageError when there is no such mode or capability, one of the others is not NAME=VALUE, or has the library's name
 */
export function expandModes<T extends Typed>({
  mode,
  sysctl = [],
  napi = [],
  task = [],
  capabilities = [],
  ...rest
}: T) {
  if (mode !== undefined && !MODES.includes(mode))
    throw new UsageError(`--mode ${mode}: must be ${orOf(MODES)}${didYouMean(mode, MODES)}`);
  const preset = mode !== undefined && Object.hasOwn(PRESETS, mode) ? PRESETS[mode]! : null;
  const sysctls = [...(preset?.sysctl ?? []), ...sysctl];
  const settings = [...(preset?.napi ?? []), ...napi];
  const tasks = [...(preset?.task ?? []), ...task];
  checkCapabilities(capabilities, tasks);
  const options = {
    ...rest,
    ...(mode !== undefined && { mode: preset === null ? mode : 'napi' }),
    ...(sysctls.length > 0 && { sysctl: Object.fromEntries(assignments('--sysctl', sysctls)) }),
    ...(settings.length > 0 && { napi: camelKeys(assignments('--napi', settings)) }),
    ...(tasks.length > 0 && { task: capabilities.length > 0 ? tasks.map((url) => ({ url, capabilities })) : tasks }),
  };
  return { options, notes: preset === null ? [] : [`mode ${mode}: ${told(preset, { sysctl, napi })}`] };
}

function checkCapabilities(names: readonly string[], tasks: readonly string[]): void {
  const known: readonly string[] = CAPABILITY_NAMES;
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new UsageError(`--capabilities ${wrong}: must be ${orOf(known)}${didYouMean(wrong, known)}`);
  if (names.length > 0 && tasks.length === 0) throw new UsageError('--capabilities: needs a --task that has them');
}

/** `a, b or c` */
export function orOf(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names).replace(', or', ' or');
}

/** @param typed what stands beside the preset, and wins */
function told({ sysctl = [], napi = [], task = [] }: Preset, typed: Required<Pick<Typed, 'sysctl' | 'napi'>>): string {
  const flagged = (flag: string, values: readonly string[]) => values.map((value) => `${flag} ${value}`);
  return [
    ...flagged('--sysctl', inForce(sysctl, typed.sysctl)),
    ...flagged('--napi', inForce(napi, typed.napi)),
    ...flagged('--task', task),
  ].join(' ');
}

function inForce(preset: readonly string[], typed: readonly string[]): string[] {
  const nameOf = (text: string) => text.slice(0, text.indexOf('='));
  return preset.map((text) => typed.findLast((other) => nameOf(other) === nameOf(text)) ?? text);
}

type Value = string | number | boolean;

function assignments(flag: string, texts: readonly string[]): [name: string, value: Value][] {
  return texts.map((text) => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new UsageError(`${flag} ${text}: must be NAME=VALUE`);
    return [name, typedValue(value)];
  });
}

function typedValue(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/** netdev-genl's names become the library's. @throws UsageError for a name that is the library's already */
function camelKeys(pairs: readonly [string, Value][]) {
  for (const [name, value] of pairs) {
    const right = Object.hasOwn(NETLINK_NAMES, name) ? NETLINK_NAMES[name as keyof typeof NETLINK_NAMES] : name;
    if (right !== name) throw new UsageError(`--napi ${name}=${value}: the name must be ${right}`);
  }
  return Object.fromEntries(pairs.map(([name, value]) => [NAPI_KEYS.get(name) ?? name, value]));
}
