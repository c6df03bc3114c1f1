import type { FrameTimes } from "./times";

export type Range = { start: number; end: number };
type Seen = { frame: number; playing: boolean };

/**
 * Where the film stands. Paused, `frame` is the truth and the video follows; playing, the video leads and `frame` is
 * the one that was shown last. Components subscribe to it, so that 24 frames a second do not draw the whole page anew.
 */
export class Playhead {
  frame = 0;
  playing = false;
  loop: Range | null = null;
  video: HTMLVideoElement | null = null;
  readonly times: FrameTimes;
  readonly #listeners = new Set<() => void>();
  #seen: Seen = { frame: 0, playing: false };
  #handle = 0;
  /** A film that plays goes on when its moving preview is exchanged for a newer one. */
  #resumes = false;

  constructor(times: FrameTimes, frame: number) {
    this.times = times;
    this.frame = times.clamp(frame);
    this.#seen = { frame: this.frame, playing: false };
    void times.load(this.frame);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  seen = (): Seen => this.#seen;

  attach(video: HTMLVideoElement | null): void {
    if (this.video === video) return;
    if (this.playing) {
      this.pause();
      this.#resumes = true;
    }
    this.video = video;
    if (!video) return;
    this.#seek();
    if (video.readyState >= 3) this.ready();
  }

  /** Goes to a frame; a film that plays goes on from there. */
  goTo(frame: number): void {
    this.frame = this.times.clamp(frame);
    void this.times.load(this.frame).then(() => this.playing || this.#seek());
    this.#seek();
    this.#tell();
  }

  step(frames: number): void {
    this.pause();
    this.goTo(this.frame + frames);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else if (this.#resumes) this.#resumes = false;
    else void this.play();
  }

  async play(): Promise<void> {
    const { video } = this;
    if (this.playing) return;
    if (!video) {
      // the moving preview is still being made: it plays as soon as there are pictures
      this.#resumes = true;
      return;
    }
    const range = this.loop ?? { start: 0, end: this.times.frames };
    if (this.frame < range.start || this.frame >= range.end - 1) this.frame = range.start;
    this.playing = true;
    this.#tell();
    await this.times.load(this.frame);
    this.#seek();
    if (await this.#start(video)) this.#watch();
  }

  /** Whether the video plays; a pause may come before it does, and on a busy machine one does. */
  async #start(video: HTMLVideoElement): Promise<boolean> {
    try {
      await video.play();
      return true;
    } catch (error) {
      const isWanted = this.playing && !(error instanceof DOMException && error.name === "NotAllowedError");
      this.pause();
      // a newer preview came meanwhile, or the video could not be had: it goes on as soon as there are pictures
      if (isWanted) this.#resumes = true;
      return false;
    }
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.video?.pause();
    this.#unwatch();
    this.#seek();
    this.#tell();
  }

  #watch(): void {
    const { video } = this;
    if (!video || !this.playing) return;
    this.#handle = video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.frame = this.times.frameAt(mediaTime);
      const end = this.loop?.end ?? this.times.frames;
      if (this.loop && (this.frame >= end || this.frame < this.loop.start)) this.goTo(this.loop.start);
      else if (this.loop && this.frame === end - 1) {
        // the last frame is shown for its time before the loop starts anew
        setTimeout(() => this.playing && this.loop?.end === end && this.frame === end - 1 && this.goTo(this.loop.start), 1000 / this.times.rate);
      }
      void this.times.load(this.frame + this.times.rate * 10);
      this.#tell();
      this.#watch();
    });
  }

  /** There are pictures to play. */
  ready(): void {
    if (!this.#resumes || !this.video) return;
    this.#resumes = false;
    void this.play();
  }

  /** Asks for the video again after a failure; a film that was playing goes on. */
  reload(): void {
    if (this.playing) {
      this.pause();
      this.#resumes = true;
    }
    this.video?.load();
    this.#seek();
  }

  /** The video has come to its end. */
  ended(): void {
    if (this.video && this.loop && this.playing) {
      this.goTo(this.loop.start);
      void this.#start(this.video);
    } else this.pause();
  }

  #unwatch(): void {
    this.video?.cancelVideoFrameCallback(this.#handle);
  }

  #seek(): void {
    if (this.video) this.video.currentTime = this.times.insideOf(this.frame);
  }

  #tell(): void {
    if (this.#seen.frame === this.frame && this.#seen.playing === this.playing) return;
    this.#seen = { frame: this.frame, playing: this.playing };
    this.#listeners.forEach((listener) => listener());
  }
}
