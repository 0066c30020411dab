// Hot. Runs on: NIC, CPU n (in tests).
// Reading and writing by byte address, as the AssemblyScript twins do. Addresses above 2 GiB are negative as words.

import type { Views } from '../../memory/views.js';

export function wordAt(views: Views, address: number): number {
  return views.words[address >>> 2]!;
}

export function setWord(views: Views, address: number, value: number): void {
  views.words[address >>> 2] = value;
}

export function addressAt(views: Views, address: number): number {
  return wordAt(views, address) >>> 0;
}

export function byteAt(views: Views, address: number): number {
  return views.bytes[address]!;
}

/** Two bytes in network order, as headers have them. */
export function pairAt(views: Views, address: number): number {
  return byteAt(views, address) * 256 + byteAt(views, address + 1);
}
