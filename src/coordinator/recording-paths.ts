// Cold. Runs on: main, before any thread.
// Which files a machine records into, who writes them, and whether it can.

import { accessSync, constants, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { STDIN, STDIN_PATH } from '../capture/file-bytes.js';
import { SoftirqOptionError } from './errors.js';
import type { Config } from './options.js';

/** One capture file. Options that name the same file share it. */
export interface RecordingTarget {
  /** As the user wrote it. */
  readonly path: string;
  readonly option: 'write' | 'writeDropped';
  readonly delivered: boolean;
  readonly dropped: boolean;
  /** Roles that write it, each its own part: `cpu0`, `nic0`. */
  readonly roles: readonly string[];
}

type Recorded = Pick<Config, 'write' | 'writeDropped' | 'cpus' | 'queues' | 'attachments' | 'napi'>;

/** As a part of a file is called that the worker of this queue's NAPI writes. */
export function workerPart(queue: number): string {
  return `worker${queue}`;
}

/** Likewise, an attached thread. */
export function attachedPart(attachment: number): string {
  return `attached${attachment}`;
}

export function recordingTargets(config: Recorded): RecordingTarget[] {
  const { write, writeDropped } = config;
  const shared = write !== null && writeDropped !== null && identityOf(write) === identityOf(writeDropped);
  const polling = pollingRoles(config);
  const target = (path: string, option: 'write' | 'writeDropped', delivered: boolean, dropped: boolean) => {
    const roles = dropped ? [...polling, 'nic0'] : polling; // A NIC drops, but never delivers.
    return { path, option, delivered, dropped, roles };
  };
  if (shared) return [target(write, 'write', true, true)];
  return [
    ...(write === null ? [] : [target(write, 'write', true, false)]),
    ...(writeDropped === null ? [] : [target(writeDropped, 'writeDropped', false, true)]),
  ];
}

function pollingRoles({ cpus, queues, attachments, napi }: Recorded): string[] {
  const names = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, at) => name(at));
  return [
    ...names(cpus, (cpu) => `cpu${cpu}`),
    ...names(workerCount({ queues, napi }), workerPart),
    ...names(attachments, attachedPart),
  ];
}

/** How many workers there is room for. */
export function workerCount({ queues, napi }: Pick<Config, 'queues' | 'napi'>): number {
  return napi.threadWorker === undefined ? 0 : queues;
}

/** Where a role writes: the file itself when nobody else does. */
export function partPath({ path, roles }: RecordingTarget, role: string): string {
  return roles.length === 1 ? path : `${path}.${role}.part`;
}

/** Where parts are put together: beside the file itself, whose place it takes when it is whole. */
export function mergingPath(path: string): string {
  return `${fileBehind(path)}.merging`;
}

/** The file behind all links, there or not. @throws Error of the system when there is no such folder */
export function fileBehind(path: string): string {
  const folder = realpathSync(dirname(path));
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? fileBehind(resolve(folder, readlinkSync(path))) : join(folder, basename(path));
}

/** @throws SoftirqOptionError for a file that cannot be written, or must not be */
export function checkRecordingPaths(config: Recorded & Pick<Config, 'device'>): void {
  const taken = new Map<string, string>();
  const capture = /^pcap:(.+)/.exec(config.device)?.[1];
  const captured = capture === STDIN ? STDIN_PATH : capture;
  if (captured !== undefined) taken.set(identityOf(captured), 'the capture that is replayed');
  for (const target of recordingTargets(config)) {
    const check = (path: string, expected: string | null) => {
      if (expected !== null) throw new SoftirqOptionError(target.option, target.path, expected);
      taken.set(identityOf(path), `a file of ${target.option}`);
    };
    const owner = taken.get(identityOf(target.path));
    check(target.path, owner === undefined ? unwritable(target.path) : `must not be ${owner}`);
    if (target.roles.length === 1) continue;
    for (const role of target.roles) check(partPath(target, role), unfitPart(partPath(target, role), taken));
    check(mergingPath(target.path), unfitPart(mergingPath(target.path), taken));
  }
}

type Owners = ReadonlyMap<string, string>;

/** @returns what is wrong with a file in which one thread's part is to be written, or all of them put together, or null */
function unfitPart(path: string, taken: Owners): string | null {
  const problem = unfitHelper(path, taken);
  if (problem !== null || lstatSync(path, { throwIfNoEntry: false }) === undefined) return problem; // Links count, too.
  return `needs ${path}, which is there: it may hold an earlier recording; move it away or remove it`;
}

/** @returns what is wrong with a file that is needed beside the target, or null */
function unfitHelper(path: string, taken: Owners): string | null {
  const owner = taken.get(identityOf(path));
  if (owner !== undefined) return `needs ${path}, which is ${owner}`;
  const problem = unwritable(path);
  return problem === null ? null : `needs ${path}: ${problem}`;
}

/** @returns what is wrong with it, or null */
function unwritable(path: string): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) return 'is a folder: must be the name of a file';
    if (stats !== undefined && !stats.isFile()) return 'is no regular file: must be the name of one, new or old';
    if (stats !== undefined) accessSync(path, constants.W_OK);
    if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) return `there is no folder ${dirname(path)}`;
    accessSync(dirname(path), constants.W_OK);
    if (stats === undefined) accessSync(dirname(fileBehind(path)), constants.W_OK); // where a link leads
    return null;
  } catch (error) {
    return `cannot be written: ${reasonOf((error as { errno: number }).errno)}`;
  }
}

/** `no space left on device (ENOSPC)` */
export function reasonOf(errno: number): string {
  const [code, text] = getSystemErrorMap().get(errno) ?? [`errno ${errno}`, 'unknown error'];
  return `${text} (${code})`;
}

/** The same for all names of one file, there or not. */
function identityOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? join(realpathSync(dirname(path)), basename(path)) : `${stats.dev}:${stats.ino}`;
  } catch {
    return path;
  }
}
