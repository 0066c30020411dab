// Cold. Runs on: main.
// What the kernel refuses, with the name of its error number.

export type Errno = 'EINVAL' | 'ENOENT' | 'ENOMEM' | 'EOPNOTSUPP' | 'EPERM' | 'ERANGE' | 'ETIMEDOUT';

/** A request that was refused. Nothing has been changed, unless the call says otherwise. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError';
  readonly code: Errno;

  /** @param what the thing and its value, and what would be right: `napi-set: id=7: there is no such instance` */
  constructor(code: Errno, what: string, options?: ErrorOptions) {
    super(`${what} (${code})`, options);
    this.code = code;
  }
}
