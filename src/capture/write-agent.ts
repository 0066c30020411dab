// Hot. Runs on: a worker that records.
// An agent that records: before its thread sleeps, what it has recorded goes to the file.

import type { Agent } from '../runtime/agent.js';

/** A recorder, as far as this matters here. */
export interface Flushed {
  flush(): void;
}

export class RecordingAgent implements Agent {
  readonly role: string;
  private readonly agent: Agent;
  private readonly recorder: Flushed;

  constructor(agent: Agent, recorder: Flushed) {
    this.role = agent.role;
    this.agent = agent;
    this.recorder = recorder;
  }

  doWork(): number {
    return this.agent.doWork();
  }

  nextNs(): number {
    return this.agent.nextNs();
  }

  /** Writes first: what arrives meanwhile is seen by the look after it. */
  workArrived(): boolean {
    this.recorder.flush();
    return this.agent.workArrived();
  }

  handle(request: number): void {
    this.agent.handle(request);
  }
}
