// Hot. Runs on: NIC, CPU n (in tests, in the simulation, under the interleaving explorer).
// The burst functions once more, in plain TypeScript and written to be read: what the module must do, bit for bit.

import type { BurstsFactory } from '../bursts.js';
import { classify } from './classify.js';
import { copy } from './copy.js';
import { offer } from './offer.js';
import { compact, recycle, refill } from './recycle.js';
import { scanPcap } from './scan-pcap.js';
import { scanPcapng } from './scan-pcapng.js';
import { take } from './take.js';
import { verify } from './verify.js';
import { work } from './work.js';

export const referenceBursts: BurstsFactory = (_memory, views) => ({
  offer: (...args) => offer(views, ...args),
  copy: (...args) => copy(views, ...args),
  scanPcap: (...args) => scanPcap(views, ...args),
  scanPcapng: (...args) => scanPcapng(views, ...args),
  take: (...args) => take(views, ...args),
  classify: (...args) => classify(views, ...args),
  verify: (...args) => verify(views, ...args),
  compact: (...args) => compact(views, ...args),
  recycle: (...args) => recycle(views, ...args),
  refill: (...args) => refill(views, ...args),
  work,
});
