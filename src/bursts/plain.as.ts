// Hot. Runs on: NIC (hash), CPU n (classify).
// How nearly every packet begins: Ethernet, no VLAN tag, IPv4 without options. Such headers stand at fixed places, so a
// few wide loads recognise them. What is not recognised goes the general way, which would find the same for these too.

import { ETHERNET_BYTES, ETHERNET_TYPE, IPV4_BYTES, IPV4_FRAGMENT } from './wire.as';

export const NETWORK: i32 = ETHERNET_BYTES;
export const TRANSPORT: i32 = NETWORK + IPV4_BYTES;

// As little-endian loads see them: EtherType 0x0800, version 4, header length 5 …
const TYPE: u32 = 0x450008;
const TYPE_MASK: u32 = 0xffffff;
// … and the bits that make a fragment, time to live (any), protocol.
const WHOLE_MASK: u32 = 0xff00ff3f;
export const WHOLE_UDP: u32 = 0x11000000;
export const WHOLE_TCP: u32 = 0x06000000;

/** The frame has TRANSPORT bytes. */
@inline
export function isPlain(frame: usize): bool {
  return (load<u32>(frame, ETHERNET_TYPE) & TYPE_MASK) == TYPE;
}

/** WHOLE_UDP, WHOLE_TCP, or anything else: a fragment, or another protocol. */
@inline
export function wholeProtocol(packet: usize): u32 {
  return load<u32>(packet, IPV4_FRAGMENT) & WHOLE_MASK;
}
