// Hot. Runs on: CPU n (in tests).
// Stands for what an application would do with a packet.

export function work(iterations: number): number {
  let x = 1;
  for (let i = 0; i < iterations; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}
