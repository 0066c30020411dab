// Hot. Runs on: NIC (hash), CPU n (classify).
// What both sides ask of a frame's first bytes.

import { word } from './bytes.as';
import { ETHERNET_TYPE, ETHERTYPE_QINQ, ETHERTYPE_VLAN, VLAN_BYTES } from './wire.as';

const FIRST_TYPE: i32 = ETHERNET_TYPE;
const SECOND_TYPE: i32 = FIRST_TYPE + VLAN_BYTES;
const THIRD_TYPE: i32 = SECOND_TYPE + VLAN_BYTES;

@inline
function isTag(etherType: i32): bool {
  return etherType == ETHERTYPE_VLAN || etherType == ETHERTYPE_QINQ;
}

/**
 * Where the EtherType stands, behind at most two VLAN tags. The frame has at least ETHERNET_BYTES.
 * @returns -1 when a tag has no room for what must follow it
 */
@inline
export function etherTypeOffset(frame: usize, visible: i32): i32 {
  if (!isTag(word(frame + FIRST_TYPE))) return FIRST_TYPE;
  if (visible < SECOND_TYPE + 2) return -1;
  if (!isTag(word(frame + SECOND_TYPE))) return SECOND_TYPE;
  return visible < THIRD_TYPE + 2 ? -1 : THIRD_TYPE;
}
