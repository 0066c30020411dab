// Captures as a user of the command meets them: out of a pipe, out of a pipe that is dry, and broken.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { closeSync, createWriteStream, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { Snapshot } from '../../src/index.js';
import { captureOf } from '../nic/captures.js';
import { CAPTURE, lines, type Outcome, sendWhenSeen, softirq } from './child.js';

const PACKETS = 189;
const RUN = ['run', '--device', 'pcap:-', '--json', '--speed', 'max'];
const bytes = readFileSync(CAPTURE);

/** Runs the command with what `feed` writes into its standard input. */
function piped(
  args: readonly string[],
  feed: (stdin: NodeJS.WritableStream, child: ChildProcess) => void,
): Promise<Outcome> {
  return softirq(args, {
    stdin: 'pipe',
    onStart: (child) => {
      child.stdin!.on('error', () => {}); // It may have ended before it read all.
      feed(child.stdin!, child);
    },
  });
}

const documentOf = ({ stdout }: Outcome) => JSON.parse(stdout) as Snapshot;
const faults = ({ stderr }: Outcome) => lines(stderr).filter((line) => line.startsWith('softirq: --device'));

t.test('standard input, plain and compressed, at once and in drops', async (t) => {
  for (const content of [bytes, gzipSync(bytes)]) {
    const outcome = await piped(RUN, (stdin) => stdin.end(content));
    t.equal(outcome.status, 0, outcome.stderr);
    t.match(documentOf(outcome), {
      stack: { delivered: PACKETS },
      nics: [{ capture: { format: 'pcap', error: null } }],
    });
  }
  const drops = await piped(RUN, async (stdin) => {
    for (const [from, to] of [
      [0, 3],
      [3, 30],
      [30, 5000],
      [5000, undefined],
    ] as const) {
      stdin.write(bytes.subarray(from, to));
      await delay(60);
    }
    stdin.end();
  });
  t.equal(drops.status, 0, drops.stderr);
  t.equal(documentOf(drops).stack.delivered, PACKETS);
});

t.test('standard input that is a file', async (t) => {
  const outcome = await softirq(RUN, { stdin: CAPTURE });
  t.equal(outcome.status, 0, outcome.stderr);
  t.equal(documentOf(outcome).stack.delivered, PACKETS);
});

t.test('a pipe that is dry: what came is delivered at once, idle threads sleep, SIGINT ends it in order', async (t) => {
  let at = 0;
  const outcome = await softirq([...RUN, '--speed', 'original'], {
    stdin: 'pipe',
    onStart: (child) => child.stdin!.write(bytes),
    onStderr: (stderr, child) => {
      if (at === 0 && (stderr.match(/dropped$/gm) ?? []).length >= 3) {
        at = performance.now();
        child.kill('SIGINT');
      }
    },
  });
  t.equal(outcome.status, 0, outcome.stderr);
  const document = documentOf(outcome);
  t.equal(document.stack.delivered, PACKETS);
  t.equal(document.conservation.holds, true);
  t.ok(performance.now() - at < 3000, 'soon');
});

t.test('what is no capture, out of a pipe: status 2, one line, nothing on stdout', async (t) => {
  for (const [content, line] of [
    ['this is text', /^softirq: --device pcap:-: not a capture: it starts with the bytes 74686973/],
    ['', /^softirq: --device pcap:-: the file is empty/],
    [bytes.subarray(0, 24), /^softirq: --device pcap:-: the capture has no packets/],
  ] as const) {
    const outcome = await piped(RUN, (stdin) => stdin.end(content));
    t.equal(outcome.status, 2, outcome.stderr);
    t.match(faults(outcome), [line]);
    t.equal(outcome.stdout, '');
  }
  const twice = await piped([...RUN, '--loop', '2'], (stdin) => stdin.end(bytes));
  t.equal(twice.status, 2);
  t.match(lines(twice.stderr), [/^softirq: --loop 2: standard input can be played only once: must be 1$/]);
});

t.test('a capture that breaks off: the summary, then one line, status 1', async (t) => {
  const path = `${t.testdir()}/cut.pcap`;
  writeFileSync(path, bytes.subarray(0, 50_000));
  const json = await softirq(['run', '--device', `pcap:${path}`, '--json']);
  t.equal(json.status, 1);
  t.match(faults(json), [/^softirq: --device pcap:.*cut\.pcap: packet \d+ at byte \d+ breaks off: /]);
  const document = documentOf(json);
  t.equal(document.conservation.holds, true);
  t.ok(faults(json)[0]!.endsWith(document.nics[0]!.capture!.error!));
  const summary = await softirq(['run', '--device', `pcap:${path}`]);
  t.equal(summary.status, 1);
  t.match(summary.stdout, /packets delivered/);
});

t.test('a small compressed capture with garbage behind it: all of its packets, then one line, status 1', async (t) => {
  const path = `${t.testdir()}/small.pcap.gz`;
  const packet = { seconds: 1, fraction: 0, bytes: Buffer.alloc(60, 1) };
  const content = Buffer.concat([gzipSync(captureOf([packet])), Buffer.from('garbage')]);
  writeFileSync(path, content);
  const args = ['run', '--json', '--device'];
  const ofPipe = piped([...args, 'pcap:-'], (stdin) => stdin.end(content));
  for (const outcome of [await softirq([...args, `pcap:${path}`]), await ofPipe]) {
    t.equal(outcome.status, 1, outcome.stderr);
    t.match(faults(outcome), [/the gzip stream is corrupt at byte \d+: /]);
    t.equal(documentOf(outcome).conservation.offered, 1);
  }
});

t.test('a named pipe: it is waited for whoever writes', { skip: process.platform === 'win32' }, async (t) => {
  const path = `${t.testdir()}/pipe`;
  execFileSync('mkfifo', [path]);
  for (const writerFirst of [true, false]) {
    const write = () => createWriteStream(path).end(bytes);
    if (writerFirst) write();
    const running = softirq(['run', '--device', `pcap:${path}`, '--json']);
    if (!writerFirst) void delay(300).then(write);
    const outcome = await running;
    t.equal(outcome.status, 0, outcome.stderr);
    t.equal(documentOf(outcome).stack.delivered, PACKETS);
  }
});

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const MAY_BE_NOBODY = process.platform === 'linux' && process.getuid?.() === 0;

t.test("another user's pipe, dry", { skip: !MAY_BE_NOBODY && 'only root can become somebody else' }, async (t) => {
  const path = `${t.testdir()}/pipe`;
  execFileSync('mkfifo', ['-m', '600', path]);
  const pipe = openSync(path, 'r+'); // Stays open: the pipe does not end.
  writeSync(pipe, bytes.subarray(0, 50_000)); // A pipe takes 65,536.
  const onStderr = sendWhenSeen([/dropped$/m, 'SIGINT']);
  const outcome = await softirq(RUN, { stdin: path, before: NOBODY, onStderr });
  closeSync(pipe);
  t.equal(outcome.signal, null, 'ended in order');
  t.equal(outcome.status, 0, outcome.stderr);
  t.ok(documentOf(outcome).stack.delivered > 0);
});

t.test('a file that is standard input is not recorded into', async (t) => {
  const path = `${t.testdir()}/in.pcap`;
  writeFileSync(path, bytes);
  for (const option of ['--write', '--write-dropped']) {
    const { status, stderr } = await softirq([...RUN, '--cpus', '1', option, path], { stdin: path });
    t.equal(status, 2);
    t.match(lines(stderr), [/^softirq: --write\S* .*in\.pcap: must not be the capture that is replayed$/]);
    t.ok(readFileSync(path).equals(bytes), 'it is as it was');
  }
});
