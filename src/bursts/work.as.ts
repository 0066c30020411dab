// Hot. Runs on: CPU n.
// Stands for what an application would do with a packet.

export function work(iterations: i32): i32 {
  let x: i32 = 1;
  // Each step needs the one before, so neither compiler nor processor can shorten the chain.
  for (let i = 0; i < iterations; i++) x = x * 1664525 + 1013904223;
  return x;
}
