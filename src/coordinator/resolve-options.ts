// Cold. Runs on: main.
// Options checked and filled in, one against another; all of it happens before any thread starts.

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { NICE_0_WEIGHT } from '../cpu/scheduler.js';
import { minimumFrameSize } from '../nic/devices/frame-sizes.js';
import { SoftirqOptionError } from './errors.js';
import { resolveKernel } from './kernel-options.js';
import { netlinkText } from './napi-settings.js';
import { type ParsedOptions, parseOptions } from './option-schema.js';
import { ipVersionOf, parseRate, sizesOf, speedOf } from './option-values.js';
import type { Config, HostOptions, SinkOption, TaskConfig } from './options.js';

const PKTGEN_SECONDS = 5;
const PKTGEN_ONLY = ['size', 'rate', 'flows', 'ip', 'arrival', 'seed'] as const;
const CAPTURE_ONLY = ['loop', 'speed'] as const;
/** Role threads besides the CPUs. */
const NICS = 1;

/** Checks `options` and fills in the defaults. @throws SoftirqOptionError */
export function resolveOptions(options: HostOptions): Config {
  const parsed = parseOptions(options);
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
    ...resolveKernel(parsed),
  };
  checkTogether(config);
  return { ...config, full: resolveFull(parsed.full, config) };
}

function tasksOf(given: ParsedOptions['task']): TaskConfig[] {
  return given.map((task) => {
    const whole = typeof task === 'string' ? { url: task } : task;
    const { url, name, weight = NICE_0_WEIGHT, data = null, capabilities = [] } = whole;
    return { url, name: name ?? basename(url).replace(/\.[cm]?[jt]s$/, ''), weight, data, capabilities };
  });
}

function refuseMismatched(parsed: ParsedOptions): void {
  if (parsed.mode === 'interrupt' && parsed.attachments > 0) {
    throw new SoftirqOptionError('attachments', parsed.attachments, 'is only for mode napi');
  }
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

/** What cannot go together. @throws SoftirqOptionError */
function checkTogether(config: Config): void {
  if (config.device === 'pktgen') checkPktgen(config);
  else speedOf(config);
  checkTasks(config);
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

/** The built-in task that busy-polls would sleep for ever where nothing ever comes to its CPU. */
function checkTasks({ mode, task, napi }: Config): void {
  const polls = task.find(({ url }) => url === 'busy-poll');
  if (polls === undefined) return;
  if (mode === 'interrupt') {
    throw new SoftirqOptionError(
      'task',
      polls.url,
      'is only for mode napi: in mode interrupt no queue can be busy-polled',
    );
  }
  const { threaded = 'disabled', threadWorker = false } = napi;
  if (threaded !== 'disabled' && threadWorker) {
    const set = netlinkText({ threaded, threadWorker });
    throw new SoftirqOptionError(
      'task',
      polls.url,
      `cannot go with napi ${set}: a worker's packets are no CPU's arrivals`,
    );
  }
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
