// Cold. Runs on: main.

/** A reader that has seen enough (`softirq run | head -1`) is no fault: what it does not want is dropped. */
export function tolerateClosed(stream: NodeJS.WriteStream): void {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.exitCode = 1;
    if (stream !== process.stderr) process.stderr.write(`softirq: cannot write: ${message}\n`);
  });
}
