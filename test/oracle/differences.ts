// Cold. Runs on: main.
// Where we mean to say something else than tshark, and why. A frame that differs and is not explained here fails the test; so
// does an entry that no frame needs.

import { extensionsOf, networkOf, pair, segmentOf, tagsOf } from './frame-fields.js';
import type { Dissection, Judgement } from './judgement.js';

export interface Found {
  readonly frame: Uint8Array;
  readonly ours: Judgement;
  readonly theirs: Dissection;
}

export interface Difference {
  readonly name: string;
  readonly why: string;
  /** What tshark would say by our rule; null where the rule is not at work. */
  readonly adapt: (found: Found) => Partial<Judgement> | null;
}

const TAGS_MAX = 2;
const EXTENSIONS_MAX = 8;
/** Faults ahead of extension headers, which we would have met first. */
const NETWORK_FAULTS = /^(ethernet|vlan|arp|ipv4|ipv6(Truncated|Version|PayloadLength))/;
const NO_FLOW = { source: '', destination: '', sourcePort: '', destinationPort: '' };

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'three tags',
    why: 'we look behind two tags, as a NIC does; tshark behind any number',
    adapt: (found) =>
      tagsOf(found) > TAGS_MAX ? { ...NO_FLOW, protocols: ['vlan', 'qinq', 'otherEthertype'], reason: '' } : null,
  },
  {
    name: 'MPLS label with nothing behind it',
    why: 'we count MPLS and do not look at what it carries; tshark wants a byte of it',
    adapt: ({ frame, theirs }) =>
      theirs.reason === 'mplsTruncated' && (frame.length - 14) % 4 === 0 && frame.at(-2)! & 1 ? { reason: '' } : null,
  },
  {
    name: 'PPPoE length',
    why: 'a payload that is longer than the frame is malformed; tshark says so only where it can be sure of the padding',
    adapt: (found) => {
      const room = found.frame.length - networkOf(found) - 6;
      const isPppoe = /^pppoe/.test(found.theirs.headers.at(-1)!) && room >= 0;
      return isPppoe && pair(found.frame, networkOf(found) + 4) > room ? { reason: 'pppoeLength' } : null;
    },
  },
  {
    name: 'nothing behind Ethernet',
    why: 'an IPv6 header is announced and missing; tshark calls no dissector for nothing',
    adapt: (found) => {
      const at = networkOf(found);
      const isMissing = tagsOf(found) <= TAGS_MAX && found.frame.length === at && pair(found.frame, at - 2) === 0x86dd;
      return isMissing ? { reason: 'ipv6Truncated', protocols: renamed(found.theirs, 'otherEthertype', 'ipv6') } : null;
    },
  },
  {
    name: 'IPv6 version',
    why: 'tshark does not call IPv6 what has another version; we say what Ethernet says that it is',
    adapt: ({ theirs }) =>
      theirs.reason === 'ipv6Version' ? { protocols: renamed(theirs, 'otherEthertype', 'ipv6') } : null,
  },
  {
    name: 'IPv4 header beyond the frame',
    why: 'such a header is truncated; tshark first finds that the total length cannot hold it',
    adapt: (found) => {
      const at = networkOf(found);
      const header = (found.frame[at]! & 15) * 4;
      const isBeyond = found.theirs.reason === 'ipv4TotalLength' && at + header > found.frame.length;
      return isBeyond ? { reason: 'ipv4Truncated' } : null;
    },
  },
  {
    name: 'IPv4 total length 0',
    why: 'a header of which the total length does not hold it is malformed; tshark takes 0 for segmentation by the card',
    adapt: (found) => {
      const at = networkOf(found);
      const isZero = found.theirs.headers.includes('ip') && pair(found.frame, at + 2) === 0;
      return isZero && !/^ipv4/.test(found.theirs.reason) ? { reason: 'ipv4TotalLength' } : null;
    },
  },
  {
    name: 'extension headers, too many',
    why: 'we walk at most eight; tshark has no limit',
    adapt: (found) =>
      extensionsOf(found).length > EXTENSIONS_MAX && !NETWORK_FAULTS.test(found.theirs.reason)
        ? { reason: 'ipv6ExtensionLimit' }
        : null,
  },
  {
    name: 'extension headers, out of order',
    why: 'hop-by-hop options must be first, and there is one fragment header at most (RFC 8200 §4.1); tshark takes any order',
    adapt: (found) =>
      isOutOfOrder(extensionsOf(found)) && !NETWORK_FAULTS.test(found.theirs.reason)
        ? { reason: 'ipv6ExtensionOrder' }
        : null,
  },
  {
    name: 'transports of the other IP',
    why: 'the kernel has no handler for ICMPv6 over IPv4, and none for ICMP and IGMP over IPv6',
    adapt: ({ theirs }) => {
      const foreign = theirs.headers.includes('ip') ? ['icmpv6'] : ['icmp', 'igmp'];
      const found = foreign.find((name) => theirs.headers.at(-1) === name);
      if (found === undefined) return null;
      const isItsFault = theirs.reason.startsWith(found);
      return { protocols: renamed(theirs, found, 'otherIp'), reason: isItsFault ? '' : theirs.reason };
    },
  },
  {
    name: 'empty IPv4 payload',
    why: 'tshark calls no dissector for nothing; we miss the header that the protocol number announces',
    adapt: (found) => {
      const { frame, ours, theirs } = found;
      const at = networkOf(found);
      const isEmpty = theirs.headers.at(-1) === 'ip' && pair(frame, at + 2) === (frame[at]! & 15) * 4;
      const isMissed = isEmpty && theirs.reason === '' && ours.reason.endsWith('Truncated');
      return isMissed ? { reason: ours.reason, protocols: ours.protocols } : null;
    },
  },
  {
    name: 'SCTP',
    why: 'sctp_rcv() wants the header of one chunk; tshark wants none, but each that there is to be whole',
    adapt: (found) => {
      const segment = segmentOf(found);
      if (segment?.name !== 'sctp' || !/^(sctpTruncated)?$/.test(found.theirs.reason)) return null;
      return { reason: segment.bytes < segment.least ? 'sctpTruncated' : '' };
    },
  },
  {
    name: 'ICMPv6 messages',
    why: 'icmpv6_rcv() wants eight bytes of each; tshark what the type says',
    adapt: (found) => {
      const segment = segmentOf(found);
      const isOurs = segment?.name === 'icmpv6' && found.theirs.protocols.includes('ipv6');
      if (!isOurs || !/^(icmpv6Truncated)?$/.test(found.theirs.reason)) return null;
      return { reason: segment.bytes < segment.least ? 'icmpv6Truncated' : '' };
    },
  },
  {
    name: 'empty later fragment of IPv6',
    why: 'a later fragment has no header of ours; tshark takes one without bytes for a whole datagram',
    adapt: (found) => {
      const at = networkOf(found);
      const isEmpty =
        found.ours.protocols.at(-1) === 'fragment' && pair(found.frame, at + 4) === 8 && found.frame[at + 6] === 44;
      return isEmpty
        ? {
            ...NO_FLOW,
            source: found.ours.source,
            destination: found.ours.destination,
            protocols: found.ours.protocols,
            reason: '',
          }
        : null;
    },
  },
  {
    name: 'first fragment of IPv4 that ends within the transport header',
    why: 'the kernel reassembles such fragments, so we pass them, without a transport; tshark names it and shows what is there',
    adapt: (found) => {
      const segment = segmentOf(found);
      if (!isFirstFragment(found) || !found.theirs.protocols.includes('ipv4')) return null;
      if (segment === null || segment.name === 'icmpv6') return null;
      if (segment.bytes < 0 || segment.bytes >= segment.least) return null;
      const protocols = found.theirs.protocols.filter((name) => name !== segment.name && name !== 'otherIp');
      return { protocols, sourcePort: '', destinationPort: '', reason: '' };
    },
  },
  {
    name: 'first fragment of IPv6 that ends within the transport header',
    why: 'RFC 8200 §4.5 forbids it; tshark takes no offence at a fragment that is short',
    adapt: (found) => {
      const segment = segmentOf(found);
      if (!isFirstFragment(found) || !found.theirs.protocols.includes('ipv6') || found.theirs.reason !== '')
        return null;
      const isShort =
        segment !== null && found.theirs.protocols.includes(segment.name) && segment.bytes < segment.least;
      return isShort ? { reason: `${segment.name}Truncated` } : null;
    },
  },
  {
    name: 'checksum of a fragment',
    why: 'it is over the whole datagram, which we do not have; tshark minds that a fragment of UDP over IPv6 says that it has none',
    adapt: (found) => (isFirstFragment(found) && found.theirs.reason === 'udpChecksum' ? { reason: '' } : null),
  },
];

function renamed({ protocols }: Judgement, from: string, to: string): string[] {
  return protocols.map((name) => (name === from ? to : name));
}

function isOutOfOrder(chain: readonly string[]): boolean {
  const fragments = chain.filter((name) => name === 'ipv6.fraghdr').length;
  return chain.lastIndexOf('ipv6.hopopts') > 0 || fragments > 1;
}

/** A later one has no transport that tshark could name. */
function isFirstFragment({ theirs }: Found): boolean {
  return theirs.protocols.includes('fragment') && theirs.protocols.at(-1) !== 'fragment';
}
