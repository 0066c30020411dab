// Cold. Runs on: main.
// What the kernel refuses, with the name of its error number.

export type Errno = 'EBUSY' | 'EINVAL' | 'ENOENT' | 'ENOMEM' | 'EOPNOTSUPP' | 'EPERM' | 'ERANGE';

/** A request that was refused. Nothing has been changed, unless the call says otherwise. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError';
  readonly code: Errno;
  /** What was refused: `napi-set: defer-hard-irqs=-1`. */
  readonly what: string;
  /** Why, or what would be right. */
  readonly why: string;
  /** Whose lack it was: `CAP_NET_ADMIN`; null: no privilege would have helped. */
  readonly capability: string | null;

  constructor(code: Errno, what: string, why: string, capability: string | null = null) {
    super(`${what}: ${why} (${code})`);
    this.code = code;
    this.what = what;
    this.why = why;
    this.capability = capability;
  }
}
