// Cold. Runs on: main.
// `--mode`: what receives. Besides the machine's own modes there are presets, each a name for some settings; `--sysctl` and
// `--napi` that stand beside it win. And how these two are typed.

import { NAPI_KEYS } from '../coordinator/napi-settings.js';
import { UsageError } from './one-line.js';

/** What is typed, by option: NAME=VALUE, KEY=VALUE. */
interface Preset {
  readonly sysctl?: readonly string[];
  readonly napi?: readonly string[];
}

const PRESETS: Readonly<Record<string, Preset>> = {
  defer: { napi: ['defer-hard-irqs=2', 'gro-flush-timeout=200000'] },
  threaded: { napi: ['threaded=enabled'] },
  'threaded-busy-poll': { napi: ['threaded=busy-poll'] },
};

export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);
const MODES: readonly string[] = ['napi', 'interrupt', ...PRESET_NAMES];

interface Typed {
  readonly mode?: string;
  readonly sysctl?: readonly string[];
  readonly napi?: readonly string[];
}

/**
 * The options as the library has them.
 * @returns notes: what a preset sets
 * @throws UsageError when there is no such mode, or one of the others is not NAME=VALUE
 */
export function expandModes<T extends Typed>({ mode, sysctl = [], napi = [], ...rest }: T) {
  if (mode !== undefined && !MODES.includes(mode)) throw new UsageError(`--mode ${mode}: must be ${orOf(MODES)}`);
  const preset = mode !== undefined && Object.hasOwn(PRESETS, mode) ? PRESETS[mode]! : null;
  const sysctls = [...(preset?.sysctl ?? []), ...sysctl];
  const settings = [...(preset?.napi ?? []), ...napi];
  const options = {
    ...rest,
    ...(mode !== undefined && { mode: preset === null ? mode : 'napi' }),
    ...(sysctls.length > 0 && { sysctl: Object.fromEntries(assignments('--sysctl', sysctls)) }),
    ...(settings.length > 0 && { napi: camelKeys(assignments('--napi', settings)) }),
  };
  return { options, notes: preset === null ? [] : [`mode ${mode}: ${told(preset)}`] };
}

function orOf(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names).replace(', or', ' or');
}

function told({ sysctl = [], napi = [] }: Preset): string {
  return [...sysctl.map((one) => `--sysctl ${one}`), ...napi.map((one) => `--napi ${one}`)].join(' ');
}

type Value = string | number | boolean;

function assignments(flag: string, texts: readonly string[]): [name: string, value: Value][] {
  return texts.map((text) => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new UsageError(`${flag} ${text}: must be NAME=VALUE`);
    return [name, typed(value)];
  });
}

function typed(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** netdev-genl's names become the library's. */
function camelKeys(pairs: readonly [string, Value][]) {
  return Object.fromEntries(pairs.map(([name, value]) => [NAPI_KEYS.get(name) ?? name, value]));
}
