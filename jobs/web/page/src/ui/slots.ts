/** Lets a few things run at a time; the others wait for their turn, first come, first served. */
export class Slots {
  readonly #most: number;
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `start` when there is room. The answer gives the room back, or gives up waiting for it; it may be called twice. */
  take(start: () => void): () => void {
    let state: "waiting" | "running" | "over" = "waiting";
    const begin = (): void => {
      state = "running";
      this.#running += 1;
      start();
    };
    if (this.#running < this.#most) queueMicrotask(() => (state === "waiting" ? this.#admit(begin) : undefined));
    else this.#waiting.push(begin);
    return () => {
      if (state === "waiting") this.#waiting = this.#waiting.filter((other) => other !== begin);
      const ran = state === "running";
      state = "over";
      if (!ran) return;
      this.#running -= 1;
      this.#waiting.shift()?.();
    };
  }

  #admit(begin: () => void): void {
    if (this.#running < this.#most) begin();
    else this.#waiting.push(begin);
  }
}
