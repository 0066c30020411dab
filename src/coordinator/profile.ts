// Cold. Runs on: main.
// What `node --cpu-prof` asks for, and how each thread gets a profile of its own, named for its role.

/** The flags that a worker takes over, and whether a value follows. */
const FOR_WORKERS: Readonly<Record<string, boolean>> = {
  '--cpu-prof': false,
  '--cpu-prof-dir': true,
  '--cpu-prof-interval': true,
  '--enable-source-maps': false,
  '--no-warnings': false,
  '--conditions': true,
  '--import': true,
  '--require': true,
  '-C': true,
  '-r': true,
};

/**
 * The `execArgv` of a role's worker. Any `execArgv` replaces the inherited flags, so those that matter are repeated; the rest
 * is left out, because a Worker refuses V8's flags and the process's own, which hold for all threads anyway.
 */
export function workerExecArgv(role: string, execArgv: readonly string[] = process.execArgv): string[] {
  const kept = flagsOf(execArgv).filter(([name]) => name in FOR_WORKERS);
  const profiled = kept.some(([name]) => name === '--cpu-prof');
  // Without a name of its own, each thread would write the file that an inherited --cpu-prof-name names.
  return [...kept.flatMap(([, text]) => text), ...(profiled ? [`--cpu-prof-name=${profileName(role)}`] : [])];
}

/** The file of a role's profile: `cpu0.cpuprofile`, `napi-nic0-4.cpuprofile`. */
export function profileName(role: string): string {
  return `${role.replaceAll('/', '-')}.cpuprofile`;
}

export interface ProfileFlags {
  /** '' = the working directory. */
  readonly dir: string;
  /** µs between two samples. */
  readonly intervalUs: number;
  /** Whether --cpu-prof-name says what main's own file is called. */
  readonly named: boolean;
}

const INTERVAL_US = 1000; // Node's default

/** What --cpu-prof and its companions say; null without --cpu-prof. */
export function profileFlags(execArgv: readonly string[] = process.execArgv): ProfileFlags | null {
  const flags = flagsOf(execArgv);
  const value = (wanted: string) => flags.findLast(([name]) => name === wanted)?.[2];
  if (!flags.some(([name]) => name === '--cpu-prof')) return null;
  const intervalUs = Number(value('--cpu-prof-interval') ?? INTERVAL_US);
  return { dir: value('--cpu-prof-dir') ?? '', intervalUs, named: value('--cpu-prof-name') !== undefined };
}

type Flag = readonly [name: string, text: readonly string[], value: string];

/** Names, words and values of the flags: `--name=value` is one word, `--name value` two. */
function flagsOf(execArgv: readonly string[]): readonly Flag[] {
  return execArgv.flatMap((word, index): readonly Flag[] => {
    if (!word.startsWith('-')) return [];
    const [name, ...rest] = word.split('=');
    if (rest.length > 0) return [[name!, [word], rest.join('=')]];
    const next = execArgv[index + 1];
    const value = next !== undefined && takesValue(name!) ? [next] : [];
    return [[name!, [word, ...value], value.join('')]];
  });
}

function takesValue(name: string): boolean {
  return FOR_WORKERS[name] ?? name === '--cpu-prof-name';
}
