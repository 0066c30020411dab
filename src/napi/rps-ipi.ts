// Hot. Runs on: CPU n; after its end, its heir.
// The CPUs whose backlogs this CPU has scheduled, and which it has not called yet (softnet_data.rps_ipi_list).
//
//   0  1   a bit per CPU, of 64 at most   this CPU
// A bit is set before SCHED is taken for that CPU, and cleared after it was called. So if this thread ends in between, there is
// somebody to call, and perhaps for nothing: whoever is called looks whether it holds SCHED.

import type { Views } from '../memory/views.js';

export const RPS_IPI_BYTES = 8;

export class RpsIpiList {
  private readonly words: Int32Array;
  private readonly first: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.first = address / 4;
  }

  add(cpu: number): void {
    this.words[this.first + (cpu >> 5)]! |= 1 << (cpu & 31);
  }

  remove(cpu: number): void {
    this.words[this.first + (cpu >> 5)]! &= ~(1 << (cpu & 31));
  }

  /** sd_has_rps_ipi_waiting */
  isEmpty(): boolean {
    return (this.words[this.first]! | this.words[this.first + 1]!) === 0;
  }

  /** net_rps_send_ipi: calls each of them, once. */
  send(call: (cpu: number) => void): void {
    for (let index = 0; index < RPS_IPI_BYTES / 4; index += 1) {
      for (let bits = this.words[this.first + index]!; bits !== 0; bits &= bits - 1) {
        const cpu = index * 32 + 31 - Math.clz32(bits & -bits);
        call(cpu);
        this.remove(cpu);
      }
    }
  }
}
