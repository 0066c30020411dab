// Hot. Runs on: CPU n, when timers are used.
// Which of a CPU's timers expires first: a binary heap of instances over the expiry times that lie in shared memory. It is a
// cache: what it knows can be read again from those words.

const ABSENT = -1;

export class TimerHeap {
  private readonly keys: Float64Array;
  private readonly first: number;
  private readonly heap: Int32Array;
  private readonly places: Int32Array;
  private size = 0;

  /** @param first index in `keys` of the expiry of instance 0; the others' follow */
  constructor(keys: Float64Array, first: number, count: number) {
    this.keys = keys;
    this.first = first;
    this.heap = new Int32Array(count);
    this.places = new Int32Array(count).fill(ABSENT);
  }

  /** The instance that is first, or -1. */
  get top(): number {
    return this.size === 0 ? ABSENT : this.heap[0]!;
  }

  /** Puts it where its key belongs, whether it was in the heap or not. */
  put(id: number): void {
    let place = this.places[id]!;
    if (place === ABSENT) {
      place = this.size;
      this.size += 1;
      this.set(place, id);
    }
    this.sink(this.rise(place));
  }

  /** Takes the first out; there must be one. */
  shift(): number {
    const first = this.heap[0]!;
    this.places[first] = ABSENT;
    this.size -= 1;
    if (this.size > 0) {
      this.set(0, this.heap[this.size]!);
      this.sink(0);
    }
    return first;
  }

  private rise(from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.key(parent) <= this.key(place)) break;
      this.swap(parent, place);
      place = parent;
    }
    return place;
  }

  private sink(from: number): void {
    for (let place = from; ; ) {
      let least = place;
      for (let child = 2 * place + 1; child <= 2 * place + 2 && child < this.size; child += 1) {
        if (this.key(child) < this.key(least)) least = child;
      }
      if (least === place) return;
      this.swap(least, place);
      place = least;
    }
  }

  private key(place: number): number {
    return this.keys[this.first + this.heap[place]!]!;
  }

  private set(place: number, id: number): void {
    this.heap[place] = id;
    this.places[id] = place;
  }

  private swap(a: number, b: number): void {
    const id = this.heap[a]!;
    this.set(a, this.heap[b]!);
    this.set(b, id);
  }
}
