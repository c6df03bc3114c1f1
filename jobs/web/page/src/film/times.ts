/** Frames and seconds of one film: exact where the server's list has arrived, from the rate until then. */
export const CHUNK = 20_000;

export class FrameTimes {
  readonly frames: number;
  readonly rate: number;
  readonly #fetch: (start: number, end: number) => Promise<readonly number[]>;
  readonly #chunks = new Map<number, readonly number[]>();
  readonly #asked = new Map<number, Promise<void>>();

  constructor(options: { frames: number; rate: number; fetch: (start: number, end: number) => Promise<readonly number[]> }) {
    this.frames = options.frames;
    this.rate = options.rate > 0 ? options.rate : 24;
    this.#fetch = options.fetch;
  }

  /** Fetches the times around `frame`; a failure is tried again at the next call. */
  load(frame: number): Promise<void> {
    const chunk = Math.floor(this.clamp(frame) / CHUNK);
    const asked = this.#asked.get(chunk);
    if (asked) return asked;
    const start = chunk * CHUNK;
    const asking = this.#fetch(start, Math.min(start + CHUNK, this.frames)).then(
      (seconds) => void this.#chunks.set(chunk, seconds),
      () => void this.#asked.delete(chunk),
    );
    this.#asked.set(chunk, asking);
    return asking;
  }

  clamp(frame: number): number {
    return Math.max(0, Math.min(this.frames - 1, Math.round(frame)));
  }

  /** When `frame` is shown; the time of the last frame's end for `frame === frames`. */
  secondsOf(frame: number): number {
    if (frame >= this.frames) return this.secondsOf(this.frames - 1) + 1 / this.rate;
    const chunk = this.#chunks.get(Math.floor(frame / CHUNK));
    return chunk?.[frame % CHUNK] ?? frame / this.rate;
  }

  /** A moment well inside `frame`: browsers that seek to its very start may show the frame before. */
  insideOf(frame: number): number {
    const start = this.secondsOf(frame);
    return start + (this.secondsOf(frame + 1) - start) / 3;
  }

  /** The frame that is shown at `seconds`. */
  frameAt(seconds: number): number {
    let low = 0;
    let high = this.frames - 1;
    const moment = seconds + 1e-4;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.secondsOf(middle) <= moment) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** `00:01:02:03`; the frames of a second are counted by the whole rate. */
export function timecode(frame: number, rate: number): string {
  const base = Math.max(1, Math.round(rate));
  const seconds = Math.floor(frame / base);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}:${two(frame % base)}`;
}
