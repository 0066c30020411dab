// Hot. Runs on: CPU n.
// In what contexts a CPU is (linux/preempt.h): one number, a field each.
//   bits 0–7 preemption off · 8–15 softirq: 1 unit = serves one, 2 units = bottom halves off · 16–19 hard interrupts

const SOFTIRQ_SHIFT = 8;
const HARDIRQ_SHIFT = 16;
const SOFTIRQ_OFFSET = 1 << SOFTIRQ_SHIFT;
const SOFTIRQ_DISABLE_OFFSET = 2 * SOFTIRQ_OFFSET;
const HARDIRQ_OFFSET = 1 << HARDIRQ_SHIFT;
const SOFTIRQ_MASK = 0xff << SOFTIRQ_SHIFT;
const HARDIRQ_MASK = 0xf << HARDIRQ_SHIFT;

export class PreemptCount {
  value = 0;

  /** In a hard interrupt, a softirq, or with bottom halves off. */
  get inInterrupt(): boolean {
    return (this.value & (SOFTIRQ_MASK | HARDIRQ_MASK)) !== 0;
  }

  get inHardirq(): boolean {
    return (this.value & HARDIRQ_MASK) !== 0;
  }

  /** With bottom halves off, by local_bh_disable(). */
  get bhDisabled(): boolean {
    return (this.value & (SOFTIRQ_MASK & ~SOFTIRQ_OFFSET)) !== 0;
  }

  enterHardirq(): void {
    this.value += HARDIRQ_OFFSET;
  }

  leaveHardirq(): void {
    this.value -= HARDIRQ_OFFSET;
  }

  enterSoftirq(): void {
    this.value += SOFTIRQ_OFFSET;
  }

  leaveSoftirq(): void {
    this.value -= SOFTIRQ_OFFSET;
  }

  disableBh(): void {
    this.value += SOFTIRQ_DISABLE_OFFSET;
  }

  enableBh(): void {
    this.value -= SOFTIRQ_DISABLE_OFFSET;
  }
}
