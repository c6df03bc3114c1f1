import { useEffect, useRef, useState } from "react";
import { fetchLikelyColours } from "../api/queries";
import { linesOf } from "../api/client";
import type { Mark, Point, Project } from "../api/types";
import type { Box } from "../film/compose";
import { useAction } from "../keys/use-action";
import { useColourHex } from "./colour-names";
import { brushPixels, markAt } from "./geometry";
import type { Paint } from "./use-paint";

type Props = { project: Project; paint: Paint; box: Box; frame: number; colour: ImageBitmap | null };
const STEP = 0.01;

/** The marks of this frame over the picture, and where new ones are drawn: with a pointer, or with arrows and Enter. */
export function MarkLayer({ project, paint, box, frame, colour }: Props) {
  const area = useRef<HTMLDivElement>(null);
  const [path, show] = useState<Point[]>([]);
  const drawn = useRef<Point[]>([]);
  const setPath = (next: Point[]): void => {
    drawn.current = next;
    show(next);
  };
  const [cursor, setCursor] = useState<Point | null>(null);
  const drawing = useRef(false);
  useAction("canvas", () => area.current?.focus());
  useEffect(() => {
    setPath([]);
    drawing.current = false;
  }, [frame, paint.tool]);

  const place = (event: React.PointerEvent): Point => {
    const bounds = area.current?.getBoundingClientRect();
    if (!bounds) return [0, 0];
    return [clip((event.clientX - bounds.left) / bounds.width), clip((event.clientY - bounds.top) / bounds.height)];
  };
  const begin = (point: Point): void => {
    if (paint.tool === "eyedropper") return ask(point);
    drawing.current = true;
    setPath([point]);
  };
  const go = (point: Point): void => {
    if (!drawing.current) return;
    const now = drawn.current;
    setPath(paint.tool === "box" ? [now[0] ?? point, point] : paint.tool === "point" ? [point] : [...now, point]);
  };
  const finish = (): void => {
    if (!drawing.current) return;
    drawing.current = false;
    const done = drawn.current;
    const hit = done.length === 1 && paint.tool !== "point" ? markAt(paint.here, done[0] ?? [0, 0], paint.lie, box.width / box.height) : undefined;
    if (hit) paint.setChosen(hit);
    else paint.draw(done);
    setPath([]);
  };
  const ask = (point: Point): void => {
    const picked = colour ? pixel(colour, point) : null;
    if (picked) paint.setColour(picked);
    paint.setAsked({ place: point, picked, likely: null, lines: [] });
    fetchLikelyColours(project.id, frame, point[0], point[1]).then(
      (likely) => paint.setAsked({ place: point, picked, likely, lines: [] }),
      (error: unknown) => paint.setAsked({ place: point, picked, likely: null, lines: linesOf(error) }),
    );
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const now = cursor ?? [0.5, 0.5];
    if (move) {
      const far = STEP * (event.shiftKey ? 5 : 1);
      const next: Point = [clip(now[0] + (move[0] ?? 0) * far), clip(now[1] + (move[1] ?? 0) * far * (box.width / box.height))];
      setCursor(next);
      go(next);
    } else if (event.key === "Enter") drawing.current ? finish() : begin(now);
    else if (event.key === "Escape" && drawing.current) {
      drawing.current = false;
      setPath([]);
    } else return;
    event.preventDefault();
  };

  return (
    <div ref={area} role="application" tabIndex={0} data-own-keys
      aria-label={`Picture to paint on. Arrows move the cross, Shift makes longer steps, Enter begins and ends ${paint.tool === "eyedropper" ? "a question" : `a ${paint.tool}`}, Escape gives up.`}
      className={`absolute touch-none ${paint.tool === "eyedropper" ? "cursor-crosshair" : "cursor-none"}`} style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      onFocus={() => setCursor((now) => now ?? [0.5, 0.5])}
      onPointerDown={(event) => { if (event.button !== 0) return; event.currentTarget.setPointerCapture(event.pointerId); begin(place(event)); }}
      onPointerMove={(event) => { const point = place(event); setCursor(point); for (const each of event.nativeEvent.getCoalescedEvents?.() ?? []) go(place(each as unknown as React.PointerEvent)); go(point); }}
      onPointerUp={finish} onPointerCancel={() => { drawing.current = false; setPath([]); }} onPointerLeave={() => drawing.current || document.activeElement === area.current || setCursor(null)}
      onKeyDown={onKeyDown}>
      <svg aria-hidden className="pointer-events-none absolute inset-0 h-full w-full overflow-visible">
        {paint.here.map(([id, mark]) => (
          <MarkShape key={id} mark={mark} path={paint.upright(mark)} box={box} chosen={id === paint.chosen} />
        ))}
        {path.length > 0 && (
          <MarkShape mark={{ shape: paint.tool === "box" ? "box" : paint.tool === "point" ? "point" : paint.tool === "erase" ? "erase" : "stroke", colour: paint.tool === "neutral" ? "neutral" : paint.colour, frame, path, radius: paint.radius }} path={path} box={box} chosen />
        )}
        {paint.asked && paint.tool === "eyedropper" && <Cross x={paint.asked.place[0] * box.width} y={paint.asked.place[1] * box.height} />}
        {cursor && <Cursor x={cursor[0] * box.width} y={cursor[1] * box.height} radius={paint.tool === "box" || paint.tool === "eyedropper" || paint.tool === "point" ? 0 : brushPixels(paint.radius, box)} />}
      </svg>
    </div>
  );
}

function MarkShape({ mark, path, box, chosen }: { mark: Mark; path: Point[]; box: Box; chosen: boolean }) {
  const hex = useColourHex(mark.colour);
  const at = ([x, y]: Point): string => `${(x * box.width).toFixed(1)},${(y * box.height).toFixed(1)}`;
  const rim = chosen ? "white" : "rgb(255 255 255 / 0.75)";
  const first = path[0] ?? [0, 0];
  if (mark.shape === "box") {
    const last = path[1] ?? first;
    const rect = { x: Math.min(first[0], last[0]) * box.width, y: Math.min(first[1], last[1]) * box.height, width: Math.abs(first[0] - last[0]) * box.width, height: Math.abs(first[1] - last[1]) * box.height };
    return <g fill="none"><rect {...rect} stroke="black" strokeOpacity={0.5} strokeWidth={4} /><rect {...rect} stroke={hex ?? "#9a9a9a"} strokeWidth={2} strokeDasharray={chosen ? "none" : "6 4"} /></g>;
  }
  if (mark.shape === "point")
    return <g><circle cx={first[0] * box.width} cy={first[1] * box.height} r={9} fill="none" stroke="black" strokeOpacity={0.5} strokeWidth={4} /><circle cx={first[0] * box.width} cy={first[1] * box.height} r={8} fill={hex ?? "#9a9a9a"} stroke={rim} strokeWidth={2} /></g>;
  const wide = Math.max(3, 2 * brushPixels(mark.radius, box));
  const points = path.length === 1 ? `${at(first)} ${at([first[0] + 1e-4, first[1]])}` : path.map(at).join(" ");
  return (
    <g fill="none" strokeLinecap="round" strokeLinejoin="round">
      <polyline points={points} stroke={rim} strokeOpacity={chosen ? 0.95 : 0.5} strokeWidth={wide + (chosen ? 4 : 2)} />
      <polyline points={points} stroke={mark.shape === "erase" ? "#222" : (hex ?? "#9a9a9a")} strokeOpacity={0.8} strokeWidth={wide} strokeDasharray={mark.shape === "erase" ? `1 ${wide * 1.3}` : undefined} />
    </g>
  );
}

function Cursor({ x, y, radius }: { x: number; y: number; radius: number }) {
  return radius > 2
    ? <g fill="none"><circle cx={x} cy={y} r={radius} stroke="black" strokeOpacity={0.6} strokeWidth={3} /><circle cx={x} cy={y} r={radius} stroke="white" strokeWidth={1.25} /></g>
    : <Cross x={x} y={y} />;
}

function Cross({ x, y }: { x: number; y: number }) {
  const line = `M${x - 9} ${y}h18M${x} ${y - 9}v18`;
  return <g fill="none"><path d={line} stroke="black" strokeOpacity={0.6} strokeWidth={3} /><path d={line} stroke="white" strokeWidth={1.25} /></g>;
}

const clip = (share: number): number => Math.max(0, Math.min(1, share));

/** The colour of one place of a still, `#rrggbb`. */
function pixel(bitmap: ImageBitmap, [x, y]: Point): string | null {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return null;
  context.drawImage(bitmap, Math.min(bitmap.width - 1, Math.floor(x * bitmap.width)), Math.min(bitmap.height - 1, Math.floor(y * bitmap.height)), 1, 1, 0, 0, 1, 1);
  return `#${Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3), (value) => value.toString(16).padStart(2, "0")).join("")}`;
}
