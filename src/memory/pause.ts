// Hot. Runs on: every thread that spins.

/** Tells the core that this is a spin loop: nothing before Node.js 24. Under the explorer: nothing to do until others change memory. */
export function pause(): void {
  (Atomics as { pause?: () => void }).pause?.();
}
