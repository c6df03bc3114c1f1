import { useState } from "react";
import type { Change, Json, LikelyColours, Mark, Point, Project } from "../api/types";
import { randomId } from "../review/client-id";
import { lieOf } from "../film/lie";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import { hasInside, tidied, toStored, toUpright } from "./geometry";
import { colourOf, markName, shapeOf, type Tool } from "./tools";

export type Asked = { place: Point; picked: string | null; likely: LikelyColours | null; lines: string[] };

/** The state of the Paint panel, and what drawing does to the review. Places are shares of the upright picture. */
export function usePaint(project: Project, reviewing: Reviewing, shot: number, frame: number) {
  const [tool, setTool] = useState<Tool>("stroke");
  const [colour, setColour] = useState("#a0522d");
  const [radius, setRadius] = useState(0.02);
  const [chosen, setChosen] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const lie = lieOf(project.media);
  const all = Object.entries(shotGiven(reviewing.review, shot).marks ?? {});
  const here = all.filter(([, mark]) => mark.frame === frame);

  const set = (id: string, mark: Mark | null, label: string): void =>
    reviewing.change([{ shot, field: "marks", key: id, value: mark as Json } satisfies Change], label);

  const draw = (path: Point[]): void => {
    if (tool === "eyedropper" || path.length === 0) return;
    const shape = shapeOf(tool);
    const stored = shape === "box" ? [path[0], path.at(-1)].filter((point) => point !== undefined) : shape === "point" ? path.slice(0, 1) : path;
    const tidy = shape === "box" ? tidied(stored.map((point) => toStored(point, lie)), 0) : tidied(stored.map((point) => toStored(point, lie)), 0.002);
    if (shape === "box" && !hasInside(tidy)) return;
    const mark: Mark = { shape, colour: colourOf(tool, colour), frame, path: tidy, radius };
    const id = randomId("m");
    set(id, mark, markName(mark));
    setChosen(id);
  };

  const recolour = (next: string): void => {
    setColour(next);
    const mark = all.find(([id]) => id === chosen)?.[1];
    if (mark && chosen && mark.shape !== "erase") set(chosen, { ...mark, colour: next }, `${markName(mark)} to ${next}`);
    else if (tool === "neutral" || tool === "erase" || tool === "eyedropper") setTool("stroke");
  };

  const remove = (id: string): void => {
    const mark = all.find(([other]) => other === id)?.[1];
    if (mark) set(id, null, `Delete ${markName(mark).toLowerCase()}`);
    if (chosen === id) setChosen(null);
  };

  const clear = (): void =>
    reviewing.change(all.map(([id]) => ({ shot, field: "marks", key: id, value: null })), `Delete ${all.length} marks`);

  return {
    tool, colour, radius, chosen, asked, all, here, lie,
    setTool: (next: Tool) => { setTool(next); setChosen(null); },
    setColour, setRadius, setChosen, setAsked, draw, recolour, remove, clear,
    upright: (mark: Mark): Point[] => mark.path.map((point) => toUpright(point, lie)),
  };
}

export type Paint = ReturnType<typeof usePaint>;
