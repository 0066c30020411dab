// Cold. Runs on: every thread of the explorer.
// An attached thread that begins calls and ends them, against main.
//   stop    main asks it to stop: when it is seen outside of a call, it never begins another one
//   grace   main has taken something away, and waits a grace period: a call that began before has then ended, or has looked anew
//   claim   two threads with the same handle, and main, which gives the place once more: one thread at a time has it

import type { Scenario, ScenarioFactory, Shared } from '../scenario.js';
import { onePage, spin, viewsOf, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXT = 0;
const ATTACHMENT = 512;
const OVER = 1024 / 4; // 1: main believes that nobody is within a call
const INSIDE = OVER + 16; // 1 + the thread that has the place
const TAKEN_AWAY = OVER + 32; // 1: whoever looks now must not use it
const HAD = OVER + 48; // how many have had the place

const attached: ScenarioFactory = async (root, variant) => {
  const { ContextWords, STOP } = await load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js');
  const { GracePeriod } = await load<typeof import('../../../src/memory/grace.js')>(root, 'memory/grace.js');
  const { AttachmentWords } = await load<typeof import('../../../src/memory/attachment.js')>(
    root,
    'memory/attachment.js',
  );
  const contextOf = (shared: Shared) => new ContextWords(viewsOf(shared.memory.buffer), CONTEXT);
  const placeOf = (shared: Shared) => new AttachmentWords(viewsOf(shared.memory.buffer), ATTACHMENT);

  /** Two calls, each a look and a use with a turn behind it. */
  function caller(shared: Shared): () => void {
    const context = contextOf(shared);
    const words = wordsOf(shared);
    return () => {
      for (let call = 0; call < 2; call += 1) {
        if (!context.enter()) continue;
        for (let turn = 0; turn < 2; turn += 1) {
          const gone = Atomics.load(words, TAKEN_AWAY);
          if (Atomics.load(words, OVER) !== 0 && gone === 0) throw new Error('it is used, although main believes not');
          context.turn();
        }
        context.end();
      }
    };
  }

  function ender(shared: Shared): () => void {
    const context = contextOf(shared);
    const words = wordsOf(shared);
    return () => {
      if (variant === 'stop') {
        context.ask(STOP);
        while (!context.asleep()) spin();
      } else {
        Atomics.store(words, TAKEN_AWAY, 1);
        const grace = new GracePeriod([context]);
        while (!grace.over()) spin();
      }
      Atomics.store(words, OVER, 1);
    };
  }

  function claimer(shared: Shared, ticket: number): () => void {
    const place = placeOf(shared);
    const words = wordsOf(shared);
    return () => {
      if (!place.claim(ticket, 0, 0)) return;
      if (Atomics.exchange(words, INSIDE, 1) !== 0) throw new Error('two threads have the place');
      Atomics.add(words, HAD, 1);
      Atomics.store(words, INSIDE, 0);
      place.release(ticket);
    };
  }

  /** The first ticket was given before; whoever comes late with it finds another's. */
  function giver(shared: Shared): () => void {
    const place = placeOf(shared);
    const next = claimer(shared, 2);
    return () => {
      while (place.give() === 0) spin();
      next();
    };
  }

  const claims = variant === 'claim';
  const scenario: Scenario = {
    threads: claims ? ['one', 'two', 'main'] : ['attached', 'main'],
    create: onePage,
    reset(shared) {
      contextOf(shared).end();
      if (claims) placeOf(shared).give();
    },
    thread(index, shared) {
      if (claims) return index === 2 ? giver(shared) : claimer(shared, 1);
      return index === 0 ? caller(shared) : ender(shared);
    },
    check: (shared) => {
      const words = wordsOf(shared);
      if (!claims) return words[OVER] === 1 ? null : 'main still waits';
      return words[HAD] === 2 ? null : `had=${words[HAD]} of 2`;
    },
  };
  return scenario;
};

export default attached;
