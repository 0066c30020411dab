// Cold. Runs on: every thread of the explorer.
// The modules under test, from the folder that holds src/: the originals, or a mutant's.

export async function load<T>(root: URL, file: string): Promise<T> {
  return import(new URL(`src/${file}`, root).href);
}

/** What a small machine is made of. */
export async function loadParts(root: URL) {
  const [
    build,
    line,
    context,
    counters,
    views,
    softnet,
    netRxAction,
    napiPoll,
    printk,
    nic,
    pool,
    check,
    ring,
    plan,
    control,
    clock,
    idle,
    loop,
    reference,
    rxQueue,
    poll,
    softirq,
    receive,
    sink,
  ] = await Promise.all([
    load<typeof import('../../../src/cpu/build.js')>(root, 'cpu/build.js'),
    load<typeof import('../../../src/irq/line.js')>(root, 'irq/line.js'),
    load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js'),
    load<typeof import('../../../src/memory/counters.js')>(root, 'memory/counters.js'),
    load<typeof import('../../../src/memory/views.js')>(root, 'memory/views.js'),
    load<typeof import('../../../src/napi/softnet.js')>(root, 'napi/softnet.js'),
    load<typeof import('../../../src/napi/net-rx-action.js')>(root, 'napi/net-rx-action.js'),
    load<typeof import('../../../src/napi/poll.js')>(root, 'napi/poll.js'),
    load<typeof import('../../../src/runtime/printk.js')>(root, 'runtime/printk.js'),
    load<typeof import('../../../src/nic/nic.js')>(root, 'nic/nic.js'),
    load<typeof import('../../../src/ring/buffer-pool.js')>(root, 'ring/buffer-pool.js'),
    load<typeof import('../../../src/ring/check.js')>(root, 'ring/check.js'),
    load<typeof import('../../../src/ring/rx-ring.js')>(root, 'ring/rx-ring.js'),
    load<typeof import('../../../src/coordinator/plan.js')>(root, 'coordinator/plan.js'),
    load<typeof import('../../../src/coordinator/control.js')>(root, 'coordinator/control.js'),
    load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js'),
    load<typeof import('../../../src/runtime/idle.js')>(root, 'runtime/idle.js'),
    load<typeof import('../../../src/runtime/loop.js')>(root, 'runtime/loop.js'),
    load<typeof import('../../../src/bursts/reference/reference.js')>(root, 'bursts/reference/reference.js'),
    load<typeof import('../../../src/driver/rx-queue.js')>(root, 'driver/rx-queue.js'),
    load<typeof import('../../../src/driver/poll.js')>(root, 'driver/poll.js'),
    load<typeof import('../../../src/softirq/softirq.js')>(root, 'softirq/softirq.js'),
    load<typeof import('../../../src/net/receive.js')>(root, 'net/receive.js'),
    load<typeof import('../../../src/net/sink.js')>(root, 'net/sink.js'),
  ]);
  return {
    ...build,
    ...line,
    ...context,
    ...counters,
    ...views,
    ...softnet,
    ...netRxAction,
    ...napiPoll,
    ...printk,
    ...nic,
    ...pool,
    ...check,
    ...ring,
    ...plan,
    ...control,
    ...clock,
    ...idle,
    ...loop,
    ...reference,
    ...rxQueue,
    ...poll,
    ...softirq,
    ...receive,
    ...sink,
  };
}

export type Parts = Awaited<ReturnType<typeof loadParts>>;
