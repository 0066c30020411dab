// Hot. Runs on: CPU n.
// Ethernet, and what stands for a network header. `visible` bytes of the frame lie in its first buffer, and none beyond
// is read, not even by a wider load that strays; `length` is the whole frame, against which the headers' own lengths are
// checked.

import { word } from './bytes.as';
import { etherTypeOffset } from './ethernet.as';
import { finding } from './finding.as';
import { findIpv4 } from './ipv4.as';
import { findIpv6 } from './ipv6.as';
import {
  PROTOCOL_ARP,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_MPLS,
  PROTOCOL_OTHER_ETHERTYPE,
  PROTOCOL_PPPOE_DISCOVERY,
  PROTOCOL_PPPOE_SESSION,
  PROTOCOL_QINQ,
  PROTOCOL_VLAN,
  VERDICT_ARP_TRUNCATED,
  VERDICT_ETHERNET_TRUNCATED,
  VERDICT_MPLS_TRUNCATED,
  VERDICT_PASS,
  VERDICT_PPPOE_LENGTH,
  VERDICT_PPPOE_TRUNCATED,
  VERDICT_VLAN_TRUNCATED,
} from './layout.as';
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
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPPOE_DISCOVERY,
  ETHERTYPE_PPPOE_SESSION,
  MPLS_BOTTOM_BIT,
  MPLS_BOTTOM_BYTE,
  MPLS_ENTRY_BYTES,
  PPPOE_BYTES,
  PPPOE_LENGTH,
  VLAN_BYTES,
} from './wire.as';

export function findEthernet(frame: usize, visible: i32, length: i32): u64 {
  if (visible < ETHERNET_BYTES) return finding(VERDICT_ETHERNET_TRUNCATED, 0, 0, 0);
  const at = etherTypeOffset(frame, visible);
  if (at < 0) return finding(VERDICT_VLAN_TRUNCATED, PROTOCOL_VLAN, 0, 0);
  const tags = tagsBefore(at);
  const etherType = word(frame + at);
  const network = at + 2;
  if (etherType == ETHERTYPE_IPV4) return findIpv4(frame, visible, length, tags | PROTOCOL_IPV4, network);
  if (etherType == ETHERTYPE_IPV6) return findIpv6(frame, visible, length, tags | PROTOCOL_IPV6, network);
  if (etherType == ETHERTYPE_ARP) return findArp(frame, visible, tags | PROTOCOL_ARP, network);
  return findRare(frame, visible, length, tags, network, etherType);
}

/** @param at where the EtherType stands */
@inline
function tagsBefore(at: i32): i32 {
  if (at == ETHERNET_TYPE) return 0;
  return at == ETHERNET_TYPE + VLAN_BYTES ? PROTOCOL_VLAN : PROTOCOL_VLAN | PROTOCOL_QINQ;
}

function findArp(frame: usize, visible: i32, protocol: i32, network: i32): u64 {
  const room = visible - network;
  if (room < ARP_BYTES) return finding(VERDICT_ARP_TRUNCATED, protocol, network, 0);
  const packet = frame + network;
  const addresses = load<u8>(packet, ARP_HARDWARE_LENGTH) + <i32>load<u8>(packet, ARP_PROTOCOL_LENGTH);
  const verdict = room < ARP_FIXED_BYTES + 2 * addresses ? VERDICT_ARP_TRUNCATED : VERDICT_PASS;
  return finding(verdict, protocol, network, 0);
}

function findRare(frame: usize, visible: i32, length: i32, tags: i32, network: i32, etherType: i32): u64 {
  switch (etherType) {
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return findMpls(frame, visible, tags | PROTOCOL_MPLS, network);
    case ETHERTYPE_PPPOE_DISCOVERY:
      return findPppoe(frame, visible, length, tags | PROTOCOL_PPPOE_DISCOVERY, network);
    case ETHERTYPE_PPPOE_SESSION:
      return findPppoe(frame, visible, length, tags | PROTOCOL_PPPOE_SESSION, network);
    default:
      return finding(VERDICT_PASS, tags | PROTOCOL_OTHER_ETHERTYPE, 0, 0);
  }
}

/** Walks the label stack to its bottom. */
function findMpls(frame: usize, visible: i32, protocol: i32, network: i32): u64 {
  for (let at = network; at + MPLS_ENTRY_BYTES <= visible; at += MPLS_ENTRY_BYTES) {
    if (load<u8>(frame + at, MPLS_BOTTOM_BYTE) & MPLS_BOTTOM_BIT) return finding(VERDICT_PASS, protocol, network, 0);
  }
  return finding(VERDICT_MPLS_TRUNCATED, protocol, network, 0);
}

function findPppoe(frame: usize, visible: i32, length: i32, protocol: i32, network: i32): u64 {
  if (visible - network < PPPOE_BYTES) return finding(VERDICT_PPPOE_TRUNCATED, protocol, network, 0);
  const payload = word(frame + network + PPPOE_LENGTH);
  const verdict = payload > length - network - PPPOE_BYTES ? VERDICT_PPPOE_LENGTH : VERDICT_PASS;
  return finding(verdict, protocol, network, 0);
}
