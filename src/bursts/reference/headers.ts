// Hot. Runs on: CPU n (in tests).
// Ethernet, and what stands for a network header.

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
  VERDICT_PPPOE_LENGTH,
  VERDICT_PPPOE_TRUNCATED,
  VERDICT_VLAN_TRUNCATED,
} from '../layout.js';
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
} from '../wire.js';
import { etherTypeOffset } from './ethernet.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { findIpv4 } from './ipv4.js';
import { findIpv6 } from './ipv6.js';

export function findEthernet(frame: Frame): Finding {
  if (frame.visible < ETHERNET_BYTES) return finding(VERDICT_ETHERNET_TRUNCATED, 0);
  const at = etherTypeOffset(frame.views, frame.address, frame.visible);
  if (at < 0) return finding(VERDICT_VLAN_TRUNCATED, PROTOCOL_VLAN);
  const tags = [0, PROTOCOL_VLAN, PROTOCOL_VLAN | PROTOCOL_QINQ][(at - ETHERNET_TYPE) / VLAN_BYTES]!;
  const network = at + 2;
  switch (pairOf(frame, at)) {
    case ETHERTYPE_ARP:
      return findArp(frame, tags | PROTOCOL_ARP, network);
    case ETHERTYPE_IPV4:
      return findIpv4(frame, tags | PROTOCOL_IPV4, network);
    case ETHERTYPE_IPV6:
      return findIpv6(frame, tags | PROTOCOL_IPV6, network);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return findMpls(frame, tags | PROTOCOL_MPLS, network);
    case ETHERTYPE_PPPOE_DISCOVERY:
      return findPppoe(frame, tags | PROTOCOL_PPPOE_DISCOVERY, network);
    case ETHERTYPE_PPPOE_SESSION:
      return findPppoe(frame, tags | PROTOCOL_PPPOE_SESSION, network);
    default:
      return passed(tags | PROTOCOL_OTHER_ETHERTYPE);
  }
}

function findArp(frame: Frame, protocol: number, network: number): Finding {
  const room = frame.visible - network;
  if (room < ARP_BYTES) return finding(VERDICT_ARP_TRUNCATED, protocol, network);
  const hardware = byteOf(frame, network + ARP_HARDWARE_LENGTH);
  const address = byteOf(frame, network + ARP_PROTOCOL_LENGTH);
  const needed = ARP_FIXED_BYTES + 2 * hardware + 2 * address;
  if (room < needed) return finding(VERDICT_ARP_TRUNCATED, protocol, network);
  return passed(protocol, network);
}

/** Walks the label stack to its bottom. */
function findMpls(frame: Frame, protocol: number, network: number): Finding {
  for (let at = network; at + MPLS_ENTRY_BYTES <= frame.visible; at += MPLS_ENTRY_BYTES) {
    if (byteOf(frame, at + MPLS_BOTTOM_BYTE) & MPLS_BOTTOM_BIT) return passed(protocol, network);
  }
  return finding(VERDICT_MPLS_TRUNCATED, protocol, network);
}

function findPppoe(frame: Frame, protocol: number, network: number): Finding {
  const payload = network + PPPOE_BYTES;
  if (frame.visible < payload) return finding(VERDICT_PPPOE_TRUNCATED, protocol, network);
  const end = payload + pairOf(frame, network + PPPOE_LENGTH);
  return end > frame.length ? finding(VERDICT_PPPOE_LENGTH, protocol, network) : passed(protocol, network);
}
