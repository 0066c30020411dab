// Cold. Runs on: NIC, main.
// Link types (LINKTYPE_… of tcpdump.org): which can be replayed, and how the others are called.

/** How the packets of a link type become Ethernet frames; by their names in cooked.ts. */
export type LinkKind = 'ethernet' | 'rawIp' | 'rawIpv4' | 'rawIpv6' | 'null' | 'loop' | 'sll' | 'sll2';

const KINDS: Readonly<Record<number, LinkKind>> = {
  0: 'null',
  1: 'ethernet',
  12: 'rawIp', //  DLT_RAW of most systems
  14: 'rawIp', //  of OpenBSD
  101: 'rawIp',
  108: 'loop',
  113: 'sll',
  228: 'rawIpv4',
  229: 'rawIpv6',
  276: 'sll2',
};

const NAMES: Readonly<Record<number, string>> = {
  3: 'AX.25',
  6: 'Token Ring',
  7: 'ARCNET',
  8: 'SLIP',
  9: 'PPP',
  10: 'FDDI',
  50: 'PPP in HDLC framing',
  51: 'PPPoE session',
  104: 'Cisco HDLC',
  105: 'IEEE 802.11',
  107: 'Frame Relay',
  117: 'OpenBSD pflog',
  119: 'IEEE 802.11 with Prism header',
  122: 'IP over Fibre Channel',
  127: 'IEEE 802.11 with radiotap',
  129: 'ARCNET on Linux',
  143: 'DOCSIS',
  147: 'private use',
  163: 'IEEE 802.11 with AVS header',
  166: 'PPP with direction',
  187: 'Bluetooth HCI H4',
  189: 'USB on Linux',
  190: 'CAN',
  192: 'PPI',
  195: 'IEEE 802.15.4',
  201: 'Bluetooth HCI H4 with direction',
  209: 'IPMB on Linux',
  220: 'USB on Linux, padded',
  224: 'Fibre Channel FC-2',
  227: 'CAN socket',
  230: 'IEEE 802.15.4 without FCS',
  239: 'NFLOG',
  240: 'netANALYZER',
  242: 'IP over InfiniBand',
  247: 'InfiniBand',
  248: 'SCTP',
  249: 'USBPcap',
  251: 'Bluetooth LE',
  252: 'Wireshark upper PDU',
  253: 'netlink',
  254: 'Bluetooth Linux monitor',
  264: 'ISO 14443',
  271: 'vsock',
  273: 'Bluetooth LE with PHDR',
  283: 'IEEE 802.15.4 with TAP',
  285: 'Z-Wave',
};

/** What can be replayed, for messages. */
export const REPLAYED = 'Ethernet (1), raw IP (101), Linux cooked (113, 276) and BSD loopback (0, 108) can be replayed';

/** @returns null for a link type that cannot be replayed */
export function linkKind(linkType: number): LinkKind | null {
  return KINDS[linkType] ?? null;
}

export function linkName(linkType: number): string {
  return NAMES[linkType] ?? 'unknown';
}
