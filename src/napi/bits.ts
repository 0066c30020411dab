// Cold. Runs on: every thread, for reports and errors.
// The state bits by name, numbered as the kernel's NAPI_STATE_* (include/linux/netdevice.h). HAS_NOTIFIER (10) has no use here.

export const NAPI_BITS = {
  SCHED: 1 << 0,
  MISSED: 1 << 1,
  DISABLE: 1 << 2,
  NPSVC: 1 << 3,
  LISTED: 1 << 4,
  NO_BUSY_POLL: 1 << 5,
  IN_BUSY_POLL: 1 << 6,
  PREFER_BUSY_POLL: 1 << 7,
  THREADED: 1 << 8,
  SCHED_THREADED: 1 << 9,
  THREADED_BUSY_POLL: 1 << 11,
} as const;

export type NapiBit = keyof typeof NAPI_BITS;

const NAMES = Object.keys(NAPI_BITS) as NapiBit[];

/** Bits 16 … 27 of a state word: the context that holds SCHED. */
export const HOLDER_SHIFT = 16;
export const HOLDER_MASK = 0xfff;
/** As holder: nobody polls, main has parked SCHED there (netif_napi_add, napi_disable). */
export const PARKED = HOLDER_MASK;

/** The names of the bits that are set, lowest first. */
export function bitNames(state: number): NapiBit[] {
  return NAMES.filter((name) => (state & NAPI_BITS[name]) !== 0);
}

/** `SCHED|MISSED, held by context 1` */
export function describeState(state: number): string {
  const names = bitNames(state).join('|') || '0';
  if ((state & NAPI_BITS.SCHED) === 0) return `${names}, held by nobody`;
  const holder = (state >> HOLDER_SHIFT) & HOLDER_MASK;
  return holder === PARKED ? `${names}, disabled` : `${names}, held by context ${holder}`;
}

/** Where the kernel hangs, BUGs or WARNs. The state is what the kernel would have left behind. */
export class NapiError extends Error {
  override readonly name = 'NapiError';
  /** The kernel function: `napi_disable`. */
  readonly call: string;
  readonly state: readonly NapiBit[];
  /** The context that holds SCHED; null: nobody, or the instance is disabled. */
  readonly holder: number | null;

  constructor(call: string, id: number, state: number, why: string) {
    super(`${call}: ${why} (napi ${id}: ${describeState(state)})`);
    this.call = call;
    this.state = bitNames(state);
    const holder = (state >> HOLDER_SHIFT) & HOLDER_MASK;
    this.holder = (state & NAPI_BITS.SCHED) === 0 || holder === PARKED ? null : holder;
  }
}
