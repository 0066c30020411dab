// Hot. Runs on: NIC (hash), CPU n (classify).
// Reading numbers out of headers.

/** The two bytes at `address`, in network order. */
@inline
export function word(address: usize): i32 {
  return pair(load<u8>(address), load<u8>(address, 1));
}

@inline
export function pair(high: i32, low: i32): i32 {
  return (high << 8) | low;
}
