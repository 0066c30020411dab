// Cold. Runs on: main.
// The options of a machine: their types, their checks and their defaults. All of it happens before any thread starts.

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { z } from 'zod';
import { NICE_0_WEIGHT } from '../cpu/scheduler.js';
import { minimumFrameSize, parseFrameSizes } from '../nic/devices/frame-sizes.js';
import { RING_SIZE_MAX, RING_SIZE_MIN } from '../ring/rx-ring.js';
import { SoftirqOptionError } from './errors.js';

/** A module whose default export makes the sink of one CPU: `(context: {cpu, data}) => (burst) => void`. */
export interface SinkOption {
  /** Absolute URL of the module. */
  readonly url: string | URL;
  /** Handed to the factory on every CPU; structured-cloned, so a SharedArrayBuffer in it is shared. */
  readonly data?: unknown;
}

/** A task of the application, on every CPU: a module whose default export makes its step function. */
export interface TaskOption {
  /** Absolute URL of the module, or `spin`: the built-in one that always has something to do. */
  readonly url: string | URL;
  /** As reports call it. Default: the module's file name. */
  readonly name?: string;
  /** Its share of the CPU against ksoftirqd's 1024 (sched_prio_to_weight: nice 19 is 15, nice -20 is 88761). Default 1024. */
  readonly weight?: number;
  /** Handed to the factory on every CPU; structured-cloned, so a SharedArrayBuffer in it is shared. */
  readonly data?: unknown;
}

/** What `startHost` takes. Everything but `device` has a default. */
export interface HostOptions {
  /** `pktgen`, or `pcap:FILE`; `pcap:-` is standard input. */
  device: string;
  /** CPU workers, 1 … 64. Default: cores less one for the NIC, at least 1. */
  cpus?: number;
  /** Rx queues, 1 … 128. Default: as many as CPUs. */
  queues?: number;
  /** Descriptors per ring, a power of two 64 … 4096. Default 512. */
  ring?: number;
  /** Default `napi`. `interrupt`: one interrupt per packet, the model that NAPI replaced. */
  mode?: 'napi' | 'interrupt';
  /** Seconds of traffic. Default: 5 for pktgen without `packets`; a capture plays once. */
  duration?: number;
  /** Frames in all. */
  packets?: number;
  /** pktgen: frame size with FCS, `imix`, or several sizes with commas between them. Default 64. */
  size?: string | number;
  /** pktgen: packets per second, `K%` of the capacity that a calibration finds, or `max`. Default `max`. */
  rate?: string | number;
  /** pktgen: number of flows, 1 … 65,536. Default 64. */
  flows?: number;
  /** pktgen: 4, 6 or `mixed`. Default 4. */
  ip?: 4 | 6 | '4' | '6' | 'mixed';
  /** pktgen: how packets are spread in time. Default `constant`. */
  arrival?: 'constant' | 'poisson' | 'onoff';
  /** pktgen: the same seed repeats the same packets. Default 1. */
  seed?: number;
  /** pcap: how often the capture is played. Default 1, or as often as `duration` allows; a pipe only once. */
  loop?: number;
  /** pcap: `max`, `original`, or `xN` for N times faster. Default `max`. */
  speed?: string;
  /** What happens to a frame for which no buffer is posted. Default: `wait` at full speed, else `drop`. */
  full?: 'wait' | 'drop';
  /** net.core.netdev_budget, packets. Default 300. */
  budget?: number;
  /** net.core.netdev_budget_usecs, µs, at least 2000 (two jiffies). Default 2000. */
  budgetUsecs?: number;
  /** napi_defer_hard_irqs: completions after a poll with work that leave the interrupt off, for a timer. Default 0. */
  deferHardIrqs?: number;
  /** gro_flush_timeout: when that timer polls, ns. Default 0: nothing is deferred. */
  groFlushTimeout?: number;
  /** irq_suspend_timeout: how long busy polling may keep the interrupt off while the application works, ns. Default 0. */
  irqSuspendTimeout?: number;
  /** Packets per poll, 1 … 64. Default 64. */
  weight?: number;
  /** Whether the device remembers an event while its line is masked. Default `latch`. */
  irq?: 'latch' | 'nolatch';
  /** Synthetic work per packet in the receive path, ns. Default 0. */
  work?: number;
  /** Verify UDP and TCP checksums, and drop what does not hold. Default false. */
  verifyL4?: boolean;
  /** Pin each role to a core (Linux). Default false. */
  pin?: boolean;
  /** Check at each hand-over that every buffer is in exactly one place. Slow. Default false. */
  checkBuffers?: boolean;
  /** Count each flow, and put so many of the largest, by bytes, into snapshots, 1 … 1000. Default: none. */
  topFlows?: number;
  /** Whether idle threads may spin for a while before they sleep. Default: when there is a core for each role. */
  spin?: boolean;
  /** What gets the delivered packets. Default: they are counted. */
  sink?: SinkOption;
  /** Capture file (pcapng) that gets the delivered packets. Default: none. */
  write?: string;
  /** Capture file that gets the dropped packets, each with the reason as its comment; may be that of `write`. Default: none. */
  writeDropped?: string;
  /** What runs in process context on every CPU, beside ksoftirqd: one or several, by URL or as TaskOption. Default: none. */
  task?: string | URL | TaskOption | readonly (string | URL | TaskOption)[];
  /** Arguments for each worker's `execArgv`. Default: those of this process, with one profile per role. */
  execArgv?: readonly string[];
}

export type Rate = { readonly pps: number } | { readonly percent: number } | 'max';

/** The options with all defaults filled in. */
export type Config = Omit<
  Required<HostOptions>,
  'execArgv' | 'sink' | 'task' | 'duration' | 'packets' | 'loop' | 'topFlows' | 'write' | 'writeDropped'
> & {
  /** null = no limit. */
  duration: number | null;
  packets: number | null;
  loop: number | null;
  /** null = flows are not counted. */
  topFlows: number | null;
  sink: SinkOption | null;
  write: string | null;
  writeDropped: string | null;
  task: readonly TaskConfig[];
  execArgv: readonly string[] | null;
};

/** A task with its defaults filled in. */
export type TaskConfig = Required<TaskOption> & { readonly url: string };

const CPUS_MAX = 64;
const QUEUES_MAX = 128;
/** Of tasks: nice 19 and nice -20. */
const WEIGHT_MIN = 15;
const WEIGHT_MAX = 88_761;
const FLOWS_MAX = 65_536;
const DEFER_MAX = 0x7fffffff; // S32_MAX
/** What a double holds exactly. */
const TIMEOUT_NS_MAX = Number.MAX_SAFE_INTEGER;
const TOP_FLOWS_MAX = 1000;
const BUDGET_USECS_MIN = 2000; // 2·10^6 / HZ, as net.core.netdev_budget_usecs
const PKTGEN_SECONDS = 5;
const PKTGEN_ONLY = ['size', 'rate', 'flows', 'ip', 'arrival', 'seed'] as const;
const CAPTURE_ONLY = ['loop', 'speed'] as const;
/** Role threads besides the CPUs. */
const NICS = 1;

/** A number, or as the command line gives it: digits. Nothing else is taken for one, no empty string, no null. */
function numeric<T extends z.ZodType<number>>(check: T) {
  return z.preprocess((value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value), check);
}

/** null where it is not given. */
function orNull<T extends z.ZodType>(check: T) {
  return check.optional().transform((value) => value ?? null);
}

function integer(min: number, max: number) {
  const right = `must be an integer from ${min} to ${max}`;
  return numeric(z.number({ error: right }).int(right).min(min, right).max(max, right));
}

function positive(what: string) {
  const right = `must be ${what} over 0`;
  return numeric(z.number({ error: right }).positive(right));
}

function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `must be ${values.join(' or ')}` });
}

/** Whether it can be written is seen when the machine starts. `-` is no name: standard output is for the summary. */
function fileName() {
  const right = 'must be the name of a file';
  return z.string({ error: right }).refine((name) => name !== '' && name !== '-' && !name.includes('\0'), right);
}

const RATE = 'must be packets per second (as 2000, 500k or 1.5M), K% of capacity, or max';
const SIZE = 'must be 64 … 9216 bytes with FCS, several with commas between them, or imix';
const ringSize = `must be a power of two from ${RING_SIZE_MIN} to ${RING_SIZE_MAX}`;
const sinkShape = 'must be {url, data?} with the absolute URL of a module';

const taskShape = 'must be spin, the absolute URL of a module, or {url, name?, weight?, data?}';
const taskUrl = z
  .union([z.string(), z.instanceof(URL)], { error: taskShape })
  .transform(String)
  .refine((url) => url === 'spin' || URL.canParse(url), taskShape);
const task = z.union(
  [
    taskUrl,
    z.strictObject({
      url: taskUrl,
      name: z.string().min(1).optional(),
      weight: z.number().int().min(WEIGHT_MIN).max(WEIGHT_MAX).optional(),
      data: z.unknown().optional(),
    }),
  ],
  { error: taskShape },
);

const schema = z.strictObject({
  device: z
    .string({ error: 'must be pktgen or pcap:FILE' })
    .refine((text) => text === 'pktgen' || /^pcap:./.test(text), 'must be pktgen or pcap:FILE'),
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
  deferHardIrqs: integer(0, DEFER_MAX).default(0),
  groFlushTimeout: integer(0, TIMEOUT_NS_MAX).default(0),
  irqSuspendTimeout: integer(0, TIMEOUT_NS_MAX).default(0),
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
  task: z.union([task, z.array(task)], { error: taskShape }).optional(),
  execArgv: orNull(z.array(z.string()).readonly()),
});

type Parsed = z.output<typeof schema>;

/** Checks `options` and fills in the defaults. @throws SoftirqOptionError */
export function resolveOptions(options: HostOptions): Config {
  const parsed = parse(options);
  refuseMismatched(parsed);
  const capture = parsed.device !== 'pktgen';
  const cpus = parsed.cpus ?? Math.max(1, availableParallelism() - NICS);
  const config: Config = {
    ...parsed,
    cpus,
    queues: parsed.queues ?? cpus,
    duration: parsed.duration ?? (capture || parsed.packets !== undefined ? null : PKTGEN_SECONDS),
    packets: parsed.packets ?? null,
    size: parsed.size ?? 64,
    rate: parsed.rate ?? 'max',
    flows: parsed.flows ?? 64,
    ip: parsed.ip ?? 4,
    arrival: parsed.arrival ?? 'constant',
    seed: parsed.seed ?? 1,
    loop: parsed.loop ?? (capture && parsed.duration === undefined ? 1 : null),
    speed: parsed.speed ?? 'max',
    full: parsed.full ?? 'wait',
    spin: parsed.spin ?? cpus + NICS <= availableParallelism(),
    sink: (parsed.sink as SinkOption | undefined) ?? null,
    task: tasksOf(parsed.task),
  };
  if (capture) checkSpeed(config);
  else checkPktgen(config);
  return { ...config, full: resolveFull(parsed.full, config) };
}

function tasksOf(given: Parsed['task']): TaskConfig[] {
  return [given ?? []].flat().map((task) => {
    const { url, name, weight = NICE_0_WEIGHT, data = null } = typeof task === 'string' ? { url: task } : task;
    return { url, name: name ?? basename(url).replace(/\.[cm]?[jt]s$/, ''), weight, data };
  });
}

function parse(options: HostOptions): Parsed {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const name = issue.keys[0]!;
    throw new SoftirqOptionError(
      name,
      (options as unknown as Record<string, unknown>)[name],
      'there is no such option',
    );
  }
  const name = String(issue.path[0] ?? 'options');
  const expected = issue.code === 'unrecognized_keys' ? sinkShape : issue.message; // only `sink` has keys of its own
  throw new SoftirqOptionError(name, (options as unknown as Record<string, unknown>)?.[name], expected);
}

function refuseMismatched(parsed: Parsed): void {
  const [foreign, device] = parsed.device === 'pktgen' ? [CAPTURE_ONLY, 'pcap:FILE'] : [PKTGEN_ONLY, 'pktgen'];
  for (const name of foreign) {
    if (parsed[name] !== undefined) {
      throw new SoftirqOptionError(
        name,
        parsed[name],
        `is only for device ${device}, and the device is ${parsed.device}`,
      );
    }
  }
}

function checkPktgen(config: Config): void {
  const rate = parseRate(config.rate);
  if (rate === 'max' && config.arrival !== 'constant') {
    throw new SoftirqOptionError('arrival', config.arrival, 'needs a rate that is not max');
  }
  const smallest = minimumFrameSize(ipVersionOf(config));
  const sizes = sizesOf(config);
  const size = sizes === 'imix' ? 64 : Math.min(...sizes);
  if (size < smallest) {
    throw new SoftirqOptionError(
      'size',
      config.size,
      `must be at least ${smallest} with ip=${config.ip}: headers and a sequence number`,
    );
  }
}

function checkSpeed(config: Config): void {
  speedOf(config);
}

/** No buffer posted: full speed means "as fast as the host takes it", so there the source waits. */
function resolveFull(asked: 'wait' | 'drop' | undefined, config: Config): 'wait' | 'drop' {
  const max = config.device === 'pktgen' ? config.rate === 'max' : config.speed === 'max';
  if (max && asked === 'drop') {
    const option = config.device === 'pktgen' ? 'rate' : 'speed';
    throw new SoftirqOptionError(
      'full',
      asked,
      `cannot go with ${option}=max, which offers as much as the host takes: use wait, or set a ${option}`,
    );
  }
  return asked ?? (max ? 'wait' : 'drop');
}

const MULTIPLES: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** @throws SoftirqOptionError */
export function parseRate(value: string | number): Rate {
  if (value === 'max') return 'max';
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)([kMG%]?)$/.exec(String(value));
  const amount = Number(match?.[1]);
  const percent = match?.[2] === '%';
  const pps = amount * (MULTIPLES[match?.[2] ?? ''] ?? 1);
  if (!(amount > 0 && amount <= 1e9) || (!percent && pps > 1e9)) throw new SoftirqOptionError('rate', value, RATE);
  return percent ? { percent: amount } : { pps };
}

/** How much faster than recorded: 1 = original; Infinity = max. @throws SoftirqOptionError */
export function speedOf(config: Pick<Config, 'speed'>): number {
  if (config.speed === 'max') return Number.POSITIVE_INFINITY;
  if (config.speed === 'original') return 1;
  const factor = Number(/^x(\d+(?:\.\d+)?)$/.exec(config.speed)?.[1]);
  if (factor > 0) return factor;
  throw new SoftirqOptionError('speed', config.speed, 'must be max, original, or xN with N over 0');
}

export function ipVersionOf(config: Pick<Config, 'ip'>): 4 | 6 | 'mixed' {
  return config.ip === 'mixed' ? 'mixed' : (Number(config.ip) as 4 | 6);
}

/** @throws SoftirqOptionError */
export function sizesOf(config: Pick<Config, 'size'>): ReturnType<typeof parseFrameSizes> {
  try {
    return parseFrameSizes(String(config.size));
  } catch {
    throw new SoftirqOptionError('size', config.size, SIZE);
  }
}
