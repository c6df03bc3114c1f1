import type { Mark, Point } from "../api/types";
import type { Lie } from "../film/lie";

/** Marks are kept in shares of the stored picture; people see it upright. */
export function toStored([u, v]: Point, { turn, mirrored }: Lie): Point {
  const x = mirrored ? 1 - u : u;
  if (turn === 90) return [v, 1 - x];
  if (turn === 180) return [1 - x, 1 - v];
  if (turn === 270) return [1 - v, x];
  return [x, v];
}

export function toUpright([x, y]: Point, { turn, mirrored }: Lie): Point {
  const [u, v] = turn === 90 ? [1 - y, x] : turn === 180 ? [1 - x, 1 - y] : turn === 270 ? [y, 1 - x] : [x, y];
  return [mirrored ? 1 - u : u, v];
}

const rounded = (value: number): number => Math.round(Math.max(0, Math.min(1, value)) * 1e5) / 1e5;

/** A path as it is kept: within the picture, five digits, without points that add nothing. */
export function tidied(path: readonly Point[], least: number): Point[] {
  const kept: Point[] = [];
  for (const [x, y] of path) {
    const point: Point = [rounded(x), rounded(y)];
    const last = kept.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= least) kept.push(point);
  }
  const end = path.at(-1);
  const last = kept.at(-1);
  if (end && last && kept.length > 1) kept[kept.length - 1] = [rounded(end[0]), rounded(end[1])];
  return kept.slice(0, 10_000);
}

/** Whether two corners make a box that has an inside. */
export const hasInside = ([one, other]: readonly Point[]): boolean =>
  one !== undefined && other !== undefined && Math.abs(one[0] - other[0]) > 0.005 && Math.abs(one[1] - other[1]) > 0.005;

/** Of a brush on a picture of this box, in its pixels: `radius` is a share of the shorter side. */
export const brushPixels = (radius: number, box: { width: number; height: number }): number => radius * Math.min(box.width, box.height);

/** The mark under a place of the upright picture, the latest one on top; `near` in shares. */
export function markAt(marks: [string, Mark][], [u, v]: Point, lie: Lie, aspect: number, near = 0.015): string | undefined {
  const hit = ([, mark]: [string, Mark]): boolean => {
    const path = mark.path.map((point) => toUpright(point, lie));
    if (mark.shape === "box") {
      const [one, other] = path;
      if (!one || !other) return false;
      return u >= Math.min(one[0], other[0]) && u <= Math.max(one[0], other[0]) && v >= Math.min(one[1], other[1]) && v <= Math.max(one[1], other[1]);
    }
    const reach = Math.max(near, mark.radius);
    return path.some((point, index) => distance([u * aspect, v], [point[0] * aspect, point[1]], (([x, y]) => [x * aspect, y] as Point)(path[index + 1] ?? point)) <= reach);
  };
  return marks.filter(hit).at(-1)?.[0];
}

function distance(place: Point, from: Point, to: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const long = dx * dx + dy * dy;
  const share = long === 0 ? 0 : Math.max(0, Math.min(1, ((place[0] - from[0]) * dx + (place[1] - from[1]) * dy) / long));
  return Math.hypot(place[0] - from[0] - share * dx, place[1] - from[1] - share * dy);
}
