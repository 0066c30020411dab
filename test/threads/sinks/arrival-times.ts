// Cold. Runs on: CPU 0.
// Notes when each packet came, and the number that it carries.

import type { Sink } from '../../../src/index.js';

/** Where a frame has its number, behind the Ethernet header. */
const NUMBER_AT = 14;

/** `data`: doubles; the first counts, and pairs of time in ns and number follow. */
export default function arrivalTimes({ data }: { readonly data: unknown }): Sink {
  const doubles = new Float64Array(data as SharedArrayBuffer);
  const packet = Buffer.alloc(9216);
  return (burst) => {
    const [seconds, ns] = process.hrtime();
    for (let index = 0; index < burst.count; index += 1) {
      burst.copy(index, packet);
      const at = 1 + 2 * doubles[0]!;
      doubles[at] = seconds * 1e9 + ns;
      doubles[at + 1] = packet.readUInt32BE(NUMBER_AT);
      doubles[0]! += 1;
    }
  };
}
