// Hot. Runs on: CPU n (in tests).
// Ethernet and network headers.

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
  IPV6_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
} from '../wire.js';
import { etherTypeOffset } from './ethernet.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { findIpv4 } from './ipv4.js';
import { findTransport } from './transport.js';

export function findEthernet(frame: Frame): Finding {
  if (frame.visible < ETHERNET_BYTES) return finding(VERDICT_ETHERNET_TRUNCATED, 0);
  const at = etherTypeOffset(frame.views, frame.address, frame.visible);
  if (at < 0) return finding(VERDICT_VLAN_TRUNCATED, PROTOCOL_VLAN);
  const vlan = at === ETHERNET_TYPE ? 0 : PROTOCOL_VLAN;
  const network = at + 2;
  switch (pairOf(frame, at)) {
    case ETHERTYPE_ARP:
      return findArp(frame, vlan | PROTOCOL_ARP, network);
    case ETHERTYPE_IPV4:
      return findIpv4(frame, vlan | PROTOCOL_IPV4, network);
    case ETHERTYPE_IPV6:
      return findIpv6(frame, vlan | PROTOCOL_IPV6, network);
    default:
      return passed(vlan | PROTOCOL_OTHER_ETHERTYPE);
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

function findIpv6(frame: Frame, protocol: number, network: number): Finding {
  if (frame.visible < network + IPV6_BYTES) return finding(VERDICT_IPV6_TRUNCATED, protocol, network);
  if (byteOf(frame, network) >> 4 !== 6) return finding(VERDICT_IPV6_VERSION, protocol, network);
  const transport = network + IPV6_BYTES;
  const payload = pairOf(frame, network + IPV6_PAYLOAD_LENGTH);
  if (transport + payload > frame.length) return finding(VERDICT_IPV6_PAYLOAD_LENGTH, protocol, network);
  return findTransport(frame, protocol, network, transport, payload, byteOf(frame, network + IPV6_NEXT_HEADER));
}
