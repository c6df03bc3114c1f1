import { expect, it } from "vitest";
import { Playhead } from "../../src/film/playhead";
import { FrameTimes } from "../../src/film/times";

/** A video that starts only after a while, as on a busy machine: a pause before that is an error of `play`. */
function slowVideo() {
  let fail: ((error: Error) => void) | null = null;
  return {
    currentTime: 0,
    readyState: 4,
    isSlow: false,
    play(): Promise<void> {
      return this.isSlow ? new Promise((_, reject) => { fail = reject; }) : Promise.resolve();
    },
    pause(): void {
      fail?.(new DOMException("interrupted by a call to pause()", "AbortError"));
    },
    requestVideoFrameCallback: () => 1,
    cancelVideoFrameCallback: () => undefined,
  };
}

it("may be paused while a loop starts anew", async () => {
  const video = slowVideo();
  const playhead = new Playhead(new FrameTimes({ frames: 16, rate: 25, fetch: () => Promise.resolve([]) }), 0);
  playhead.loop = { start: 0, end: 16 };
  playhead.attach(video as unknown as HTMLVideoElement);
  await playhead.play();
  video.isSlow = true;
  playhead.ended();
  expect(playhead.playing).toBe(true);
  playhead.pause();
  await new Promise((done) => setTimeout(done));  // an error that nobody takes fails the test here
  expect(playhead.playing).toBe(false);
});
