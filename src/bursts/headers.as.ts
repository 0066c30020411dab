// Hot. Runs on: CPU n.
// Ethernet and network headers. `visible` bytes of the frame lie in its first buffer, and none beyond is read, not even
// by a wider load that strays; `length` is the whole frame, against which the headers' own lengths are checked.

import { word } from './bytes.as';
import { etherTypeOffset } from './ethernet.as';
import { finding } from './finding.as';
import {
  PROTOCOL_ARP,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_OTHER_ETHERTYPE,
  PROTOCOL_VLAN,
  VERDICT_ARP_TRUNCATED,
  VERDICT_ETHERNET_TRUNCATED,
  VERDICT_IPV6_PAYLOAD_LENGTH,
  VERDICT_IPV6_TRUNCATED,
  VERDICT_IPV6_VERSION,
  VERDICT_PASS,
  VERDICT_VLAN_TRUNCATED,
} from './layout.as';
import { findIpv4 } from './ipv4.as';
import { findTransport } from './transport.as';
import {
  ARP_BYTES,
  ARP_FIXED_BYTES,
  ARP_HARDWARE_LENGTH,
  ARP_PROTOCOL_LENGTH,
  ETHERNET_BYTES,
  ETHERNET_TYPE,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  IPV6_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
} from './wire.as';

export function findEthernet(frame: usize, visible: i32, length: i32): u64 {
  if (visible < ETHERNET_BYTES) return finding(VERDICT_ETHERNET_TRUNCATED, 0, 0, 0);
  const at = etherTypeOffset(frame, visible);
  if (at < 0) return finding(VERDICT_VLAN_TRUNCATED, PROTOCOL_VLAN, 0, 0);
  const vlan = at == ETHERNET_TYPE ? 0 : PROTOCOL_VLAN;
  const etherType = word(frame + at);
  const network = at + 2;
  if (etherType == ETHERTYPE_IPV4) return findIpv4(frame, visible, length, vlan | PROTOCOL_IPV4, network);
  if (etherType == ETHERTYPE_IPV6) return findIpv6(frame, visible, length, vlan | PROTOCOL_IPV6, network);
  if (etherType == ETHERTYPE_ARP) return findArp(frame, visible, vlan | PROTOCOL_ARP, network);
  return finding(VERDICT_PASS, vlan | PROTOCOL_OTHER_ETHERTYPE, 0, 0);
}

function findArp(frame: usize, visible: i32, protocol: i32, network: i32): u64 {
  const room = visible - network;
  if (room < ARP_BYTES) return finding(VERDICT_ARP_TRUNCATED, protocol, network, 0);
  const packet = frame + network;
  const addresses = load<u8>(packet, ARP_HARDWARE_LENGTH) + <i32>load<u8>(packet, ARP_PROTOCOL_LENGTH);
  const verdict = room < ARP_FIXED_BYTES + 2 * addresses ? VERDICT_ARP_TRUNCATED : VERDICT_PASS;
  return finding(verdict, protocol, network, 0);
}

function findIpv6(frame: usize, visible: i32, length: i32, protocol: i32, network: i32): u64 {
  const packet = frame + network;
  if (visible - network < IPV6_BYTES) return finding(VERDICT_IPV6_TRUNCATED, protocol, network, 0);
  if (load<u8>(packet) >> 4 != 6) return finding(VERDICT_IPV6_VERSION, protocol, network, 0);
  const payload = word(packet + IPV6_PAYLOAD_LENGTH);
  if (payload > length - network - IPV6_BYTES) return finding(VERDICT_IPV6_PAYLOAD_LENGTH, protocol, network, 0);
  const number = load<u8>(packet, IPV6_NEXT_HEADER);
  return findTransport(frame, visible, protocol, network, network + IPV6_BYTES, payload, number);
}
