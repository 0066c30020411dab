// Cold. Runs on: CPU n. A factory that makes something else.

export default function notASink(): number {
  return 42;
}
