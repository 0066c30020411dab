// Cold. Runs on: main.
export function workerExecArgv(_role: string, execArgv: readonly string[] = process.execArgv): string[] {
  return [...execArgv];
}
