/** Lets a few things run at a time; the others wait for their turn, first come, first served, after those that are urgent. */
export class Slots {
  readonly #most: number;
  #running = 0;
  #urgent: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `start` when there is room. The answer gives the room back, or gives up waiting for it; it may be called twice. */
  take(start: () => void, urgent = false): () => void {
    let state: "waiting" | "running" | "over" = "waiting";
    const begin = (): void => {
      state = "running";
      this.#running += 1;
      start();
    };
    if (this.#running < this.#most) queueMicrotask(() => (state === "waiting" ? this.#admit(begin, urgent) : undefined));
    else this.#queue(begin, urgent);
    return () => {
      if (state === "waiting") {
        this.#urgent = this.#urgent.filter((other) => other !== begin);
        this.#waiting = this.#waiting.filter((other) => other !== begin);
      }
      const ran = state === "running";
      state = "over";
      if (!ran) return;
      this.#running -= 1;
      (this.#urgent.shift() ?? this.#waiting.shift())?.();
    };
  }

  /** Runs `work` when there is room; gives up where `signal` says so before. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    let release = (): void => undefined;
    await new Promise<void>((begin, stop) => {
      release = this.take(begin, true);
      signal.addEventListener("abort", () => { release(); stop(signal.reason as Error); }, { once: true });
    });
    try {
      return await work();
    } finally {
      release();
    }
  }

  #admit(begin: () => void, urgent: boolean): void {
    if (this.#running < this.#most) begin();
    else this.#queue(begin, urgent);
  }

  #queue(begin: () => void, urgent: boolean): void {
    (urgent ? this.#urgent : this.#waiting).push(begin);
  }
}

/**
 * A browser opens six connections to a server. The events take one, a video may take another, and whoever leaves for
 * another page needs one at once: pictures that the server has to colour first share three.
 */
export const pictureSlots = new Slots(3);
