// Cold. Runs on: main.
// What each option may be for itself. What one means for another is checked in resolve-options.ts.

import { z } from 'zod';
import { CAPABILITY_NAMES, type Capability } from '../napi/busy-params.js';
import { NAPI_POLL_WEIGHT } from '../napi/napi.js';
import { RING_SIZE_MAX, RING_SIZE_MIN } from '../ring/rx-ring.js';
import { BUILT_IN_TASKS } from './built-in-tasks.js';
import type { BusyPollTaskData } from './busy-poll.js';
import { SoftirqOptionError } from './errors.js';
import { didYouMean } from './nearest.js';
import { RATE, SIZE } from './option-values.js';
import type { HostOptions } from './options.js';

const CPUS_MAX = 64;
const QUEUES_MAX = 128;
const ATTACHMENTS_MAX = 64;
/** Of tasks: nice 19 and nice -20. */
const WEIGHT_MIN = 15;
const WEIGHT_MAX = 88_761;
/** Of the task busy-poll: so long the host's requests may have to wait. */
const BUSY_USECS_MAX = 10_000;
const WORK_USECS_MAX = 1_000_000;
const FLOWS_MAX = 65_536;
const TOP_FLOWS_MAX = 1000;
const BUDGET_USECS_MIN = 2000; // 2·10^6 / HZ, as net.core.netdev_budget_usecs

/** The kernel's soft lockup detector: 2 × watchdog_thresh. */
const LOCKUP_SECONDS = 20;
const LOCKUP_SECONDS_MAX = 3600;

/** A number, or as the command line gives it: digits. Nothing else is taken for one, no empty string, no null. */
function numeric<T extends z.ZodType<number>>(check: T) {
  return z.preprocess((value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value), check);
}

/** null where it is not given. */
function orNull<T extends z.ZodType>(check: T) {
  return check.optional().transform((value) => value ?? null);
}

export function integer(min: number, max: number) {
  const right = `must be an integer from ${min} to ${max}`;
  return numeric(z.number({ error: right }).int(right).min(min, right).max(max, right));
}

function seconds(max: number) {
  const right = `must be a number of seconds from 0 (off) to ${max}`;
  return numeric(z.number({ error: right }).min(0, right).max(max, right));
}

export function positive(what: string) {
  const right = `must be ${what} over 0`;
  return numeric(z.number({ error: right }).positive(right));
}

function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: ({ input }) => `must be ${values.join(' or ')}${didYouMean(input, values)}` });
}

/** Whether it can be written is seen when the machine starts. `-` is no name: standard output is for the summary. */
function fileName() {
  const right = 'must be the name of a file';
  return z.string({ error: right }).refine((name) => name !== '' && name !== '-' && !name.includes('\0'), right);
}
const DEVICE = 'must be pktgen or pcap:FILE';
const ringSize = `must be a power of two from ${RING_SIZE_MIN} to ${RING_SIZE_MAX}`;
const sinkShape = 'must be {url, data?} with the absolute URL of a module';

const taskNames = [...BUILT_IN_TASKS.keys()];
const taskShape = `must be ${taskNames.join(', ')}, the absolute URL of a module, or {url, name?, weight?, data?, capabilities?}`;
const taskError = ({ input }: { readonly input?: unknown }) => taskShape + didYouMean(input, taskNames);
const taskWeight = `must have a weight from ${WEIGHT_MIN} to ${WEIGHT_MAX}`;
const busyPollTask =
  'busy-poll must have data {usecs?: 0 … 10000, budget?: 1 … 64, prefer?: true or false, workUsecs?: 0 … 1000000}';
const taskUrl = z
  .union([z.string(), z.instanceof(URL)], { error: taskShape })
  .transform(String)
  .refine((url) => BUILT_IN_TASKS.has(url) || URL.canParse(url), { error: taskError });
const taskCapabilities = `must have capabilities among ${CAPABILITY_NAMES.join(', ')}`;
const task = z.union(
  [
    taskUrl,
    z
      .strictObject({
        url: taskUrl,
        name: z.string().min(1).optional(),
        weight: z
          .number(taskWeight)
          .refine((n) => Number.isInteger(n) && n >= WEIGHT_MIN && n <= WEIGHT_MAX, taskWeight)
          .optional(),
        data: z.unknown().optional(),
        capabilities: z
          .custom<readonly Capability[]>(Array.isArray)
          .refine((names) => names.every((name) => CAPABILITY_NAMES.includes(name)), taskCapabilities)
          .optional(),
      })
      .refine(({ url, data }) => url !== 'busy-poll' || isBusyPollTaskData(data ?? {}), busyPollTask),
  ],
  { error: taskError },
);

function isBusyPollTaskData(data: unknown): data is BusyPollTaskData {
  const whole = (min: number, max: number) => z.int().min(min).max(max).optional();
  const shape = {
    usecs: whole(0, BUSY_USECS_MAX),
    budget: whole(1, NAPI_POLL_WEIGHT),
    prefer: z.boolean().optional(),
    workUsecs: whole(0, WORK_USECS_MAX),
  };
  return z.strictObject(shape).safeParse(data).success;
}

/** `cap:FILE`, or a capture's name alone. */
function meantDevice(given: unknown): string {
  const text = String(given);
  const [, kind, file] = /^([^:/]*):(.+)$/s.exec(text) ?? [];
  if (/\p{Cc}/u.test(text)) return ''; // A message has one line.
  if (/\.pcap(ng)?(\.gz)?$/.test(text)) return `; did you mean pcap:${file ?? text}?`;
  const [meant, named] = [didYouMean(kind, ['pcap']), didYouMean(given, ['pktgen'])];
  return meant === '' ? named : `; did you mean pcap:${file}?`;
}

const schema = z.strictObject({
  device: z
    .string({ error: DEVICE })
    .refine((text) => text === 'pktgen' || /^pcap:./.test(text), { error: ({ input }) => DEVICE + meantDevice(input) }),
  cpus: integer(1, CPUS_MAX).optional(),
  queues: integer(1, QUEUES_MAX).optional(),
  ring: numeric(
    z
      .number({ error: ringSize })
      .refine((n) => n >= RING_SIZE_MIN && n <= RING_SIZE_MAX && Number.isInteger(Math.log2(n)), ringSize),
  ).default(512),
  mode: oneOf('napi', 'interrupt').default('napi'),
  duration: positive('a number of seconds').optional(),
  packets: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  size: z.union([z.string(), z.number()], { error: SIZE }).optional(),
  rate: z.union([z.string(), z.number()], { error: RATE }).optional(),
  flows: integer(1, FLOWS_MAX).optional(),
  ip: z.union([z.literal(4), z.literal(6), z.enum(['4', '6', 'mixed'])], { error: 'must be 4, 6 or mixed' }).optional(),
  arrival: oneOf('constant', 'poisson', 'onoff').optional(),
  seed: integer(0, 0xffff_ffff).optional(),
  loop: integer(1, 1e9).optional(),
  speed: z.string({ error: 'must be max, original or xN' }).optional(),
  full: oneOf('wait', 'drop').optional(),
  budget: integer(1, 1e6).default(300),
  budgetUsecs: integer(BUDGET_USECS_MIN, 1e7).default(BUDGET_USECS_MIN),
  weight: integer(1, 64).default(64),
  irq: oneOf('latch', 'nolatch').default('latch'),
  work: integer(0, 1e9).default(0),
  verifyL4: z.boolean({ error: 'must be true or false' }).default(false),
  pin: z.boolean({ error: 'must be true or false' }).default(false),
  checkBuffers: z.boolean({ error: 'must be true or false' }).default(false),
  topFlows: orNull(integer(1, TOP_FLOWS_MAX)),
  spin: z.boolean({ error: 'must be true or false' }).optional(),
  sink: z
    .strictObject(
      { url: z.union([z.string(), z.instanceof(URL)], { error: sinkShape }), data: z.unknown().optional() },
      { error: sinkShape },
    )
    .refine(({ url }) => URL.canParse(String(url)), sinkShape)
    .optional(),
  write: orNull(fileName()),
  writeDropped: orNull(fileName()),
  task: z.preprocess((given) => (given === undefined ? [] : [given].flat()), z.array(task)),
  sysctl: z.unknown().optional(),
  napi: z.unknown().optional(),
  attachments: integer(0, ATTACHMENTS_MAX).default(0),
  onCpuLoss: oneOf('stop', 'migrate').default('stop'),
  lockupSeconds: seconds(LOCKUP_SECONDS_MAX).default(LOCKUP_SECONDS),
  execArgv: orNull(z.array(z.string()).readonly()),
});
export type ParsedOptions = z.output<typeof schema>;

/** @throws SoftirqOptionError about the first that is wrong; of several tasks, about that one */
export function parseOptions(options: HostOptions): ParsedOptions {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const name = issue.keys[0]!;
    throw new SoftirqOptionError(name, (options as unknown as Record<string, unknown>)[name], noSuchOption(name));
  }
  const [name = 'options', index] = issue.path.map(String);
  const shape = name === 'task' ? taskShape : sinkShape; // only these have keys of their own
  const expected = issue.code === 'unrecognized_keys' ? shape : issue.message;
  const given = (options as unknown as Record<string, unknown>)?.[name];
  const isOne = name === 'task' && Array.isArray(given) && index !== undefined;
  throw new SoftirqOptionError(name, isOne ? given[Number(index)] : given, expected);
}

function noSuchOption(name: string): string {
  return `there is no such option${didYouMean(name, Object.keys(schema.shape))}`;
}
