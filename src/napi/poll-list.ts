// Hot. Runs on: CPU n.
// Lists of NAPI instances as the kernel's list_head: rings of links in shared memory, so that nothing is lost when a thread is.
//
//   0  NEXT   word index of the next link, or of the list itself     SCHED holder of the instance, this CPU for a list
//   1  PREV   likewise
//   2  ID     the instance's; NO_NAPI in a list                      main, once
// An empty list, and an instance that is on none, point to themselves.

import type { Views } from '../memory/views.js';

const NEXT = 0;
const PREV = 1;
const ID = 2;
export const LINK_BYTES = 12;

export const NO_NAPI = -1;
/** More than a machine has instances. */
const LINKS_MAX = 0xfff;

export function createLink(words: Int32Array, link: number, id: number): void {
  words[link + NEXT] = link;
  words[link + PREV] = link;
  words[link + ID] = id;
}

/** !list_empty */
export function isLinked(words: Int32Array, link: number): boolean {
  return words[link + NEXT] !== link;
}

/** list_del_init */
export function unlink(words: Int32Array, link: number): void {
  join(words, words[link + PREV]!, words[link + NEXT]!);
  join(words, link, link);
}

function join(words: Int32Array, before: number, after: number): void {
  words[before + NEXT] = after;
  words[after + PREV] = before;
}

export class PollList {
  private readonly words: Int32Array;
  private readonly head: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.head = address / 4;
  }

  /** Main, before any thread runs. */
  create(): void {
    createLink(this.words, this.head, NO_NAPI);
  }

  isEmpty(): boolean {
    return !isLinked(this.words, this.head);
  }

  /** Puts the link of an instance that is on no list at the end. */
  append(link: number): void {
    const { words, head } = this;
    join(words, words[head + PREV]!, link);
    join(words, link, head);
  }

  /** Takes the first off the list, which must not be empty. @returns its id */
  shift(): number {
    const first = this.words[this.head + NEXT]!;
    unlink(this.words, first);
    return this.words[first + ID]!;
  }

  /** list_splice_tail_init: moves all of `other` to the end of this list, in order. */
  splice(other: PollList): void {
    if (other.isEmpty()) return;
    const { words, head } = this;
    const first = words[other.head + NEXT]!;
    const last = words[other.head + PREV]!;
    join(words, words[head + PREV]!, first);
    join(words, last, head);
    other.create();
  }

  /** The instances, first to last; for reports and tests. @throws Error when the list is broken */
  ids(): number[] {
    const ids: number[] = [];
    for (let link = this.words[this.head + NEXT]!; link !== this.head; link = this.words[link + NEXT]!) {
      if (ids.length > LINKS_MAX)
        throw new Error(`poll list: a circle that leaves its list: ${ids.slice(0, 4).join(' ')} …`);
      ids.push(this.words[link + ID]!);
    }
    return ids;
  }
}
