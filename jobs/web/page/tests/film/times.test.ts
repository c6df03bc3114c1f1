import { describe, expect, it } from "vitest";
import { CHUNK, FrameTimes, timecode } from "../../src/film/times";

/** A film of varying rate: frame n lies at n²/1000 + n/50 seconds. */
const at = (frame: number): number => frame / 50 + (frame * frame) / 1e6;

describe("times of frames", () => {
  it("finds the frame of each time of a film of varying rate, once its times are known", async () => {
    const times = new FrameTimes({ frames: 900, rate: 40, fetch: (start, end) => Promise.resolve(Array.from({ length: end - start }, (_, index) => at(start + index))) });
    await times.load(0);
    for (const frame of [0, 1, 2, 317, 898, 899]) {
      expect(times.secondsOf(frame)).toBeCloseTo(at(frame), 9);
      expect(times.frameAt(at(frame))).toBe(frame);
      expect(times.frameAt(times.insideOf(frame))).toBe(frame);
      expect(times.insideOf(frame)).toBeGreaterThan(at(frame));
    }
  });

  it("goes by the rate until the server's list has come, and asks for each part once", async () => {
    const asked: number[] = [];
    const times = new FrameTimes({ frames: 3 * CHUNK, rate: 25, fetch: (start, end) => { asked.push(start); return Promise.resolve(Array.from({ length: end - start }, (_, index) => (start + index) / 25)); } });
    expect(times.secondsOf(50)).toBe(2);
    await Promise.all([times.load(50), times.load(60), times.load(CHUNK + 1)]);
    await times.load(70);
    expect(asked).toEqual([0, CHUNK]);
    expect(times.frameAt((CHUNK + 7) / 25)).toBe(CHUNK + 7);
  });

  it("asks again after a failure", async () => {
    let calls = 0;
    const times = new FrameTimes({ frames: 10, rate: 25, fetch: () => (calls++ === 0 ? Promise.reject(new Error("away")) : Promise.resolve([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])) });
    await times.load(0);
    expect(times.secondsOf(3)).toBeCloseTo(0.12);
    await times.load(0);
    expect(times.secondsOf(3)).toBe(3);
  });

  it("writes timecodes", () => {
    expect(timecode(0, 25)).toBe("00:00:00:00");
    expect(timecode(25 * 3661 + 7, 25)).toBe("01:01:01:07");
    expect(timecode(48, 23.976)).toBe("00:00:02:00");
  });
});
