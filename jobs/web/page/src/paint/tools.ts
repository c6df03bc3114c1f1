import { Droplet, Eraser, MapPin, Paintbrush, Pipette, SquareDashed, type LucideIcon } from "lucide-react";
import type { Mark, Shape } from "../api/types";
import type { Action } from "../keys/bindings";

export type Tool = "stroke" | "neutral" | "erase" | "box" | "point" | "eyedropper";

export const TOOLS: { tool: Tool; icon: LucideIcon; name: string; action: Action; text: string }[] = [
  { tool: "stroke", icon: Paintbrush, name: "Stroke", action: "stroke", text: "Draw over a thing: it takes the colour up to its edges, through the whole shot." },
  { tool: "neutral", icon: Droplet, name: "Neutral", action: "neutral", text: "Draw over a thing that has to stay grey." },
  { tool: "erase", icon: Eraser, name: "Eraser", action: "erase", text: "Draw where the automatic colour shall stay." },
  { tool: "box", icon: SquareDashed, name: "Box", action: "box", text: "Drag a box around a thing: the thing takes the colour." },
  { tool: "point", icon: MapPin, name: "Point", action: "point", text: "Say the colour of one place; what looks alike nearby follows." },
  { tool: "eyedropper", icon: Pipette, name: "Ask", action: "eyedropper", text: "Press on the picture: its colour there, and the colours that the network finds likely." },
];

export const shapeOf = (tool: Exclude<Tool, "eyedropper">): Shape => (tool === "neutral" ? "stroke" : tool);

export const colourOf = (tool: Tool, colour: string): string => (tool === "erase" ? "" : tool === "neutral" ? "neutral" : colour);

export const LEAST_RADIUS = 0.004;
export const MOST_RADIUS = 0.15;
export const grown = (radius: number, factor: number): number => Math.round(Math.max(LEAST_RADIUS, Math.min(MOST_RADIUS, radius * factor)) * 1e4) / 1e4;

/** What a mark is called in lists and in the history: `Stroke, pale blue`. */
export function markName(mark: Mark): string {
  if (mark.shape === "erase") return "Eraser";
  if (mark.colour === "neutral") return mark.shape === "stroke" ? "Neutral stroke" : `Neutral ${mark.shape}`;
  return `${mark.shape[0]?.toUpperCase()}${mark.shape.slice(1)}, ${mark.colour}`;
}
