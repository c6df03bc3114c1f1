import type { Lie } from "./lie";

export type Mode = "wipe" | "side" | "difference" | "colour" | "original";
export type Box = { x: number; y: number; width: number; height: number };

/** One half of the pair: a still, or the left or right half of a video picture. */
export type Half = { source: CanvasImageSource; x: number; y: number; width: number; height: number };
export type Pair = { grey: Half; colour: Half };

/** Where the picture lies in a viewer of this size: as large as it goes, in the middle. */
export function fit(width: number, height: number, aspect: number): Box {
  const wide = Math.min(width, height * aspect);
  return { x: (width - wide) / 2, y: (height - wide / aspect) / 2, width: wide, height: wide / aspect };
}

const GAP = 8;

/** Two pictures beside or above each other, whichever shows them larger. */
export function fitTwo(width: number, height: number, aspect: number): { grey: Box; colour: Box } {
  const beside = fit((width - GAP) / 2, height, aspect);
  const stacked = fit(width, (height - GAP) / 2, aspect);
  if (beside.width >= stacked.width) return { grey: beside, colour: { ...beside, x: beside.x + (width + GAP) / 2 } };
  return { grey: stacked, colour: { ...stacked, y: stacked.y + (height + GAP) / 2 } };
}

/** The box in which marks are drawn: the coloured picture. */
export const pictureBox = (mode: Mode, width: number, height: number, aspect: number): Box =>
  mode === "side" ? fitTwo(width, height, aspect).colour : fit(width, height, aspect);

/** The halves of the moving pair: grey is stored to the left, and turns and mirrors with the film as it is shown. */
export function videoPair(video: CanvasImageSource, width: number, height: number, { turn, mirrored }: Lie): Pair {
  const upright = turn % 180 === 0;
  const size = upright ? { width: width / 2, height } : { width, height: height / 2 };
  const first = { source: video, x: 0, y: 0, ...size };
  const second = upright ? { ...first, x: width / 2 } : { ...first, y: height / 2 };
  const greyFirst = upright ? (turn === 0) !== mirrored : turn === 90;
  return greyFirst ? { grey: first, colour: second } : { grey: second, colour: first };
}

export const stillHalf = (source: CanvasImageSource, width: number, height: number): Half => ({ source, x: 0, y: 0, width, height });

/** Draws the pair. Sizes are those of the canvas in its own pixels; `wipe` is the share of the width that stays grey. */
export function compose(context: CanvasRenderingContext2D, pair: Pair, mode: Mode, wipe: number, aspect: number): void {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  if (mode === "side") {
    const boxes = fitTwo(width, height, aspect);
    draw(context, pair.grey, boxes.grey);
    draw(context, pair.colour, boxes.colour);
    return;
  }
  const box = fit(width, height, aspect);
  if (mode === "colour") return draw(context, pair.colour, box);
  draw(context, pair.grey, box);
  if (mode === "wipe") {
    context.save();
    context.beginPath();
    context.rect(box.x + box.width * wipe, box.y, box.width * (1 - wipe), box.height);
    context.clip();
    draw(context, pair.colour, box);
    context.restore();
  } else if (mode === "difference") {
    context.save();
    context.globalCompositeOperation = "difference";
    draw(context, pair.colour, box);
    // the difference of colours is small in figures: twice as strong can be seen
    context.globalCompositeOperation = "lighter";
    context.drawImage(context.canvas, 0, 0);
    context.restore();
  }
}

function draw(context: CanvasRenderingContext2D, half: Half, box: Box): void {
  context.drawImage(half.source, half.x, half.y, half.width, half.height, box.x, box.y, box.width, box.height);
}
