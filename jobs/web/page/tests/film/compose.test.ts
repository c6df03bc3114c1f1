import { describe, expect, it } from "vitest";
import { compose, fit, fitTwo, pictureBox, stillHalf, videoPair, type Pair } from "../../src/film/compose";

const grey = {} as CanvasImageSource;
const colour = {} as CanvasImageSource;

/** A canvas that writes down what was drawn on it, and the clip that held. */
function recorder(width: number, height: number) {
  const calls: { source: CanvasImageSource; from: number[]; to: number[]; clip: number[] | null; mode: string }[] = [];
  let clip: number[] | null = null;
  let rect: number[] | null = null;
  const context = {
    canvas: { width, height } as HTMLCanvasElement,
    globalCompositeOperation: "source-over",
    clearRect: () => undefined, save: () => undefined, beginPath: () => undefined,
    rect: (...values: number[]) => { rect = values; },
    clip: () => { clip = rect; },
    restore: () => { clip = null; },
    drawImage: (source: CanvasImageSource, ...values: number[]) => calls.push({ source, from: values.slice(0, 4), to: values.slice(4), clip, mode: context.globalCompositeOperation }),
  };
  return { context: context as unknown as CanvasRenderingContext2D, calls };
}

const stills: Pair = { grey: stillHalf(grey, 640, 360), colour: stillHalf(colour, 640, 360) };

describe("composing the pair", () => {
  it("keeps the aspect and centres the picture", () => {
    expect(fit(1000, 1000, 2)).toEqual({ x: 0, y: 250, width: 1000, height: 500 });
    expect(fit(1000, 100, 2)).toEqual({ x: 400, y: 0, width: 200, height: 100 });
  });

  it("lays two pictures so that they are largest: beside each other, or above each other on a phone", () => {
    const wide = fitTwo(1008, 400, 4 / 3);
    expect(wide.colour.x).toBeGreaterThan(wide.grey.x + wide.grey.width - 1);
    const tall = fitTwo(390, 800, 16 / 9);
    expect(tall.grey.width).toBe(390);
    expect(tall.colour.y).toBeGreaterThanOrEqual(tall.grey.y + tall.grey.height);
    expect(pictureBox("side", 390, 800, 16 / 9)).toEqual(tall.colour);
  });

  it("cuts both halves out of one picture of the video", () => {
    const video = {} as CanvasImageSource;
    const { context, calls } = recorder(640, 360);
    compose(context, videoPair(video, 1280, 360, { turn: 0, mirrored: false }), "wipe", 0.25, 640 / 360);
    expect(calls.map(({ source, from }) => [source === video, from])).toEqual([[true, [0, 0, 640, 360]], [true, [640, 0, 640, 360]]]);
    expect(calls[1]?.clip).toEqual([160, 0, 480, 360]);
    expect(calls[1]?.to).toEqual([0, 0, 640, 360]);
  });

  it("draws what each way of comparing needs", () => {
    const drawn = (mode: Parameters<typeof compose>[2]) => {
      const { context, calls } = recorder(640, 360);
      compose(context, stills, mode, 0.5, 640 / 360);
      return calls.map(({ source, mode: how }) => `${source === grey ? "grey" : source === colour ? "colour" : "itself"} ${how}`);
    };
    expect(drawn("original")).toEqual(["grey source-over"]);
    expect(drawn("colour")).toEqual(["colour source-over"]);
    expect(drawn("difference")).toEqual(["grey source-over", "colour difference", "itself lighter"]);
    expect(drawn("side")).toEqual(["grey source-over", "colour source-over"]);
  });

  it("finds the halves of a pair that is turned and mirrored with its film", () => {
    const grey = (turn: 0 | 90 | 180 | 270, mirrored: boolean, width: number, height: number) => {
      const { grey: { x, y, ...size }, colour: other } = videoPair({} as CanvasImageSource, width, height, { turn, mirrored });
      expect([other.width, other.height]).toEqual([size.width, size.height]);
      return [x, y, size.width, size.height];
    };
    expect(grey(0, false, 1280, 360)).toEqual([0, 0, 640, 360]);
    expect(grey(0, true, 1280, 360)).toEqual([640, 0, 640, 360]);
    expect(grey(180, false, 1280, 360)).toEqual([640, 0, 640, 360]);
    expect(grey(180, true, 1280, 360)).toEqual([0, 0, 640, 360]);
    for (const mirrored of [false, true]) {
      expect(grey(90, mirrored, 360, 1280)).toEqual([0, 0, 360, 640]);
      expect(grey(270, mirrored, 360, 1280)).toEqual([0, 640, 360, 640]);
    }
  });
});
