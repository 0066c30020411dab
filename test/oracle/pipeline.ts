// Cold. Runs on: main.
// One implementation's way from a device's table to classified entries.

import { DESCRIPTOR_BUFFER, FRAME_ADDRESS, FRAME_COUNTER, FRAME_LENGTH } from '../../src/bursts/layout.js';
import { RSS_KEY, writeRssTables } from '../../src/net/rss.js';
import {
  assemblyWorld,
  BATCH,
  BUFFER_AREA,
  BUFFERS,
  COPIED,
  descriptorWord,
  entryWord,
  FRAMES,
  frameAddress,
  LINKS,
  OFFERS,
  RING,
  RING_MASK,
  RING_SLOTS,
  RSS,
  recordWord,
  referenceWorld,
  TABLE,
  TALLY,
  type World,
} from '../bursts/world.js';

export class Pipeline {
  private readonly world: World;
  private readonly noise: number;
  private head = 0;

  /** @param noise the byte that stands where no frame does */
  constructor(name: 'AssemblyScript' | 'reference', noise = 0) {
    this.noise = noise;
    this.world = name === 'reference' ? referenceWorld() : assemblyWorld();
    writeRssTables(this.world.views, RSS, RSS_KEY, 1);
  }

  /** @param frames at most 64 @returns of each frame these words of its entry */
  receive(frames: readonly Uint8Array[], words: readonly number[]): number[][] {
    if (frames.length > FRAMES) throw new RangeError(`frames=${frames.length}`);
    const { views, bursts } = this.world;
    this.lay(frames);
    this.post();
    bursts.offer(TABLE, FRAMES, 0, frames.length, OFFERS, RSS);
    const posted = (this.head + RING_SLOTS) | 0;
    const head = bursts.copy(OFFERS, frames.length, 0, RING, RING_MASK, this.head, posted, BUFFER_AREA, COPIED);
    const taken = bursts.take(RING, RING_MASK, this.head, head, FRAMES, BATCH, BUFFER_AREA, LINKS);
    if (taken !== frames.length) throw new Error(`taken=${taken}: not the ${frames.length} frames that were offered`);
    this.head = head;
    bursts.classify(BATCH, taken, BUFFER_AREA, TALLY);
    bursts.verify(BATCH, taken, BUFFER_AREA, LINKS, TALLY);
    return frames.map((_, i) => words.map((word) => views.words[entryWord(i, word)]!));
  }

  private lay(frames: readonly Uint8Array[]): void {
    const { views } = this.world;
    views.bytes.fill(this.noise, frameAddress(0));
    frames.forEach((frame, i) => {
      views.bytes.set(frame, frameAddress(i));
      views.words[recordWord(i, FRAME_ADDRESS)] = frameAddress(i);
      views.words[recordWord(i, FRAME_LENGTH)] = frame.length;
      views.words[recordWord(i, FRAME_COUNTER)] = 0;
    });
  }

  /** All buffers are posted anew for each burst: nobody holds one in between. */
  private post(): void {
    for (let slot = 0; slot < RING_SLOTS; slot++) {
      this.world.views.words[descriptorWord(slot, DESCRIPTOR_BUFFER)] = slot % BUFFERS;
    }
  }
}
