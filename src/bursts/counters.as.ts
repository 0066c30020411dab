// Hot. Runs on: CPU n.
// The doubles that count protocols: number i belongs to bit i of PROTOCOL_*.

/** @param bit a power of two */
@inline
export function addTo(counters: usize, bit: i32, count: i32): void {
  const counter = counters + (<usize>ctz(bit) << 3);
  store<f64>(counter, load<f64>(counter) + <f64>count);
}
