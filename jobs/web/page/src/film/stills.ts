import { useEffect, useRef, useState } from "react";
import { ApiError, API, linesOf, send } from "../api/client";
import type { Given } from "../api/types";
import { pictureSlots } from "../ui/slots";

export type Still = { bitmap: ImageBitmap; frame: number };
export type StillState = { still: Still | null; waiting: boolean; lines: string[] };

/** A still as the server draws it; with `draft`, of what is not saved yet. */
export type StillRequest = { project: string; frame: number; side: "grey" | "colour"; lines: number; revision: number; draft?: { shot: Given; film: Given } | null };

const KEPT = 24;
const SETTLE_MS = 90;
const kept = new Map<string, ImageBitmap>();

/**
 * The still of one side of a frame. It is asked for once the playhead rests; an older request is given up. `key` says
 * what the picture depends on: the same key shows the picture that is there.
 */
export function useStill(request: StillRequest | null, key: string): StillState {
  const [state, setState] = useState<StillState>({ still: null, waiting: false, lines: [] });
  const latest = useRef(request);
  latest.current = request;
  const active = request !== null;
  useEffect(() => {
    const wanted = latest.current;
    if (!wanted) return;
    const known = kept.get(key);
    if (known) {
      setState({ still: { bitmap: known, frame: wanted.frame }, waiting: false, lines: [] });
      return;
    }
    const control = new AbortController();
    setState((now) => ({ ...now, waiting: true, lines: [] }));
    const timer = setTimeout(() => {
      load(wanted, control.signal).then(
        (bitmap) => {
          keep(key, bitmap);
          if (!control.signal.aborted) setState({ still: { bitmap, frame: wanted.frame }, waiting: false, lines: [] });
        },
        (error: unknown) => control.signal.aborted || setState((now) => ({ ...now, waiting: false, lines: linesOf(error) })),
      );
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [key, active]);
  return state;
}

async function load(wanted: StillRequest, signal: AbortSignal): Promise<ImageBitmap> {
  for (let wait = 400; ; wait = Math.min(wait * 2, 4000)) {
    try {
      return await createImageBitmap(await pictureSlots.run(() => ask(wanted, signal), signal));
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || !error.passing) throw error;
      await new Promise((done) => setTimeout(done, wait));
      signal.throwIfAborted();
    }
  }
}

async function ask({ draft, ...wanted }: StillRequest, signal: AbortSignal): Promise<Blob> {
  const response = draft
    ? await send("POST", `projects/${wanted.project}/preview`, { json: { frame: wanted.frame, max_lines: wanted.lines, ...draft }, signal })
    : await send("GET", stillUrl(wanted), { signal });
  return response.blob();
}

const stillUrl = ({ project, frame, side, lines, revision }: Omit<StillRequest, "draft">): string =>
  `${API}/projects/${project}/frames/${frame}.png?side=${side}&max_lines=${lines}&r=${side === "grey" ? 0 : revision}`;

function keep(key: string, bitmap: ImageBitmap): void {
  kept.set(key, bitmap);
  for (const [oldest] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
}

/** How many lines to ask for: enough for the viewer, in few steps, so that stills can be kept. */
export const linesFor = (pixels: number): number => [360, 540, 720, 1080, 1440].find((lines) => lines >= pixels) ?? 2160;
