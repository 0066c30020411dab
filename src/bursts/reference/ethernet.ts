// Hot. Runs on: NIC, CPU n (in tests).
// What both sides ask of a frame's first bytes.

import type { Views } from '../../memory/views.js';
import { ETHERNET_TYPE, ETHERTYPE_QINQ, ETHERTYPE_VLAN, VLAN_BYTES, VLAN_TAGS_MAX } from '../wire.js';
import { pairAt } from './memory.js';

/** Where the EtherType stands, or -1 when a tag has no room for what must follow it. The frame has ETHERNET_BYTES. */
export function etherTypeOffset(views: Views, frame: number, visible: number): number {
  let at = ETHERNET_TYPE;
  for (let tags = 0; tags < VLAN_TAGS_MAX && isTag(pairAt(views, frame + at)); tags++) {
    at += VLAN_BYTES;
    if (visible < at + 2) return -1;
  }
  return at;
}

function isTag(etherType: number): boolean {
  return etherType === ETHERTYPE_VLAN || etherType === ETHERTYPE_QINQ;
}
