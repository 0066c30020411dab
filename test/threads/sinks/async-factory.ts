// Cold. Runs on: CPU n. A factory that makes its sink later.

export default async function asyncFactory(): Promise<() => void> {
  return () => {};
}
