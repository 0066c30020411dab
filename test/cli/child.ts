// Runs the real command in a process of its own, with a time limit.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plainNode } from '../plain-node.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
export const CAPTURE = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));

const TIMEOUT_MS = 20_000;

export interface Outcome {
  readonly status: number | null;
  /** SIGKILL: the time was up. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** Flags for Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly stdout?: 'pipe' | number;
  /** What comes before the command: a shell that sets limits, for instance. */
  readonly before?: readonly string[];
  /** `pipe`, or the path of a file. Default: nothing. */
  readonly stdin?: string;
  /** Called with all of stderr so far, each time that some more has come. */
  readonly onStderr?: (stderr: string, child: ChildProcess) => void;
  readonly onStart?: (child: ChildProcess) => void;
  /** Then it is killed. Default: 20 s. */
  readonly timeoutMs?: number;
}

/** Runs `softirq …args` to its end. */
export function softirq(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { nodeArgs = [], before = [], stdout = 'pipe', stdin = 'ignore' } = surroundings;
  const { onStderr, onStart, timeoutMs = TIMEOUT_MS } = surroundings;
  const input = ['ignore', 'pipe'].includes(stdin) ? (stdin as 'ignore' | 'pipe') : openSync(stdin, 'r');
  const [command, ...rest] = [...before, ...plainNode(...nodeArgs, MAIN, ...args).flat()] as [string, ...string[]];
  const child = spawn(command, rest, {
    env: plainEnvironment(),
    stdio: [input, stdout, 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  if (typeof input === 'number') closeSync(input);
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    texts.stderr += chunk;
    onStderr?.(texts.stderr, child);
  });
  onStart?.(child);
  return new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal, ...texts })));
}

/** What a user's shell has: nothing of the test runner. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(NODE_|TAP|_TAPJS_)/.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** Sends the signals in turn, each as soon as its text is on stderr. */
export function sendWhenSeen(...steps: readonly (readonly [RegExp, NodeJS.Signals])[]): Surroundings['onStderr'] {
  let sent = 0;
  return (stderr, child) => {
    for (let step = steps[sent]; step?.[0].test(stderr); step = steps[sent]) {
      sent += 1;
      child.kill(step[1]);
    }
  };
}

export function lines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}
