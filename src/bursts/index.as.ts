// Hot. Runs on: NIC, CPU n.
// The module's exports: exactly the functions of the interface Bursts.

export { classify } from './classify.as';
export { copy } from './copy.as';
export { offer } from './offer.as';
export { compact, recycle, refill } from './recycle.as';
export { scanPcap } from './scan-pcap.as';
export { scanPcapng } from './scan-pcapng.as';
export { take } from './take.as';
export { verify } from './verify.as';
export { work } from './work.as';
