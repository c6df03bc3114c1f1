import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Project, Review, Shot } from "../api/types";
import { colourKey, draftOf } from "../review/changes";
import type { ProjectReview } from "../review/project-review";
import { compose, pictureBox, stillHalf, videoPair, type Box, type Mode, type Pair } from "./compose";
import { lieOf } from "./lie";
import type { Playhead } from "./playhead";
import { linesFor, useStill } from "./stills";
import { useStrip } from "./strip-pair";
import { WipeHandle } from "./wipe-handle";

export type ViewerProps = {
  project: Project;
  reviewing: ProjectReview;
  review: Review | undefined;
  playhead: Playhead;
  shot: Shot | undefined;
  mode: Mode;
  wipe: number;
  onWipe: (wipe: number) => void;
  muted: boolean;
  /** Drawn over the picture, in its box. */
  overlay?: (box: Box, colour: ImageBitmap | null) => ReactNode;
};

/** The picture: while it plays, the one video of the pair; at rest, the server's own stills of that very frame. */
export function Viewer({ project, reviewing, review, playhead, shot: shown, mode, wipe, onWipe, muted, overlay }: ViewerProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const size = useSize(frame);
  const seen = useSyncExternalStore(playhead.subscribe, playhead.seen);
  const { media } = project;
  const shot = shown?.index ?? 0;
  const strip = useStrip(shown, seen.frame);
  const aspect = media ? media.display_width / media.display_height : 16 / 9;

  const key = review ? colourKey(review, shot) : "";
  const lines = linesFor(Math.min(size.height * window.devicePixelRatio, media?.display_height ?? 1080));
  const rest = seen.playing || !review || size.height === 0 ? null : { project: project.id, frame: seen.frame, lines, revision: reviewing.colourRevision(review, shot) };
  const grey = useStill(rest && { ...rest, side: "grey" }, `${project.id} grey ${seen.frame} ${lines}`);
  const draft = review ? draftOf(review, reviewing.outbox.pending, shot) : null;
  const colour = useStill(rest && { ...rest, side: "colour", draft }, `${project.id} colour ${seen.frame} ${lines} ${key} ${project.preview?.revision}`);

  const stills = useMemo<Pair | null>(() => {
    if (seen.playing || !grey.still || !colour.still || grey.still.frame !== seen.frame || colour.still.frame !== seen.frame) return null;
    return { grey: half(grey.still.bitmap), colour: half(colour.still.bitmap) };
  }, [seen, grey.still, colour.still]);

  useEffect(() => {
    playhead.attach(video.current);
    return () => playhead.attach(null);
  }, [playhead, project.preview?.url]);

  // one way to draw, for every cause: a new still, a new picture of the video, another mode, another size
  const draw = useRef<() => void>(() => undefined);
  draw.current = () => {
    const context = canvas.current?.getContext("2d");
    const film = video.current;
    if (!context) return;
    if (stills) compose(context, stills, mode, wipe, aspect);
    else if (film && film.readyState >= 2) compose(context, videoPair(film, film.videoWidth, film.videoHeight, lieOf(media)), mode, wipe, aspect);
    else if (strip) compose(context, strip, mode, wipe, aspect);
  };
  useLayoutEffect(() => draw.current(), [stills, strip, mode, wipe, aspect, size.width, size.height]);
  useEffect(() => {
    const film = video.current;
    if (!film) return;
    let handle = 0;
    const each = (): void => {
      draw.current();
      handle = film.requestVideoFrameCallback(each);
    };
    handle = film.requestVideoFrameCallback(each);
    const settled = (): void => draw.current();
    film.addEventListener("seeked", settled);
    film.addEventListener("loadeddata", settled);
    return () => {
      film.cancelVideoFrameCallback(handle);
      film.removeEventListener("seeked", settled);
      film.removeEventListener("loadeddata", settled);
    };
  }, [project.preview?.url]);

  const scale = window.devicePixelRatio || 1;
  const box = pictureBox(mode, size.width, size.height, aspect);
  const faults = [...new Set([...grey.lines, ...colour.lines])];
  return (
    <div ref={frame} className="relative min-h-0 flex-1 overflow-hidden bg-well" data-exact={stills && !colour.waiting && !grey.waiting ? "yes" : "no"} data-frame={seen.frame}>
      {project.preview && (
        <video ref={video} src={project.preview.url} muted={muted} playsInline preload="auto" hidden tabIndex={-1} aria-hidden onEnded={() => playhead.ended()} onCanPlay={() => playhead.ready()}
          onError={() => setTimeout(() => playhead.reload(), RELOAD_MS)} />
      )}
      <canvas ref={canvas} width={Math.round(size.width * scale)} height={Math.round(size.height * scale)} className="absolute inset-0 h-full w-full"
        role="img" aria-label={`Frame ${seen.frame}, ${MODE_NAMES[mode]}`} />
      {size.width > 0 && (
        <>
          {overlay?.(box, colour.still?.frame === seen.frame ? colour.still.bitmap : null)}
          {mode === "wipe" && <WipeHandle box={box} wipe={wipe} onWipe={onWipe} grip={!overlay} />}
          <Labels mode={mode} box={box} />
        </>
      )}
      {(colour.waiting || grey.waiting) && !seen.playing && <Waiting />}
      {faults.length > 0 && !colour.waiting && (
        <div role="alert" className="absolute inset-x-4 bottom-4 mx-auto max-w-xl rounded-lg border border-line bg-raised px-4 py-3 text-sm shadow-raised">
          {faults.map((line) => <p key={line} dir="auto">{line}</p>)}
        </div>
      )}
    </div>
  );
}

const MODE_NAMES: Record<Mode, string> = { wipe: "wipe", side: "side by side", difference: "difference", colour: "colour", original: "original" };

/** A video that could not be had, as when its server starts anew, is asked for again after this time. */
const RELOAD_MS = 1500;

const half = (bitmap: ImageBitmap) => stillHalf(bitmap, bitmap.width, bitmap.height);

function Waiting() {
  return (
    <div role="status" className="absolute top-3 left-1/2 flex -translate-x-1/2 items-center gap-2 rounded-full bg-black/70 px-3 py-1 text-xs text-white opacity-0 [animation:appear_0.2s_0.35s_forwards]">
      <span aria-hidden className="h-1.5 w-1.5 animate-pulse rounded-full bg-white" />Colouring this frame
    </div>
  );
}

function Labels({ mode, box }: { mode: Mode; box: Box }) {
  const dress = "pointer-events-none absolute rounded bg-black/60 px-2 py-0.5 text-xs text-white";
  if (mode !== "difference" && mode !== "original") return null;
  return <span className={dress} style={{ left: box.x + 10, top: box.y + 10 }}>{mode === "original" ? "Original" : "Difference, twice as strong"}</span>;
}

function useSize(ref: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
