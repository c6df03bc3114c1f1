import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Review, Shot } from "../api/types";
import type { Playhead } from "./playhead";
import { decision } from "./shot-order";
import { timecode } from "./times";

type Props = { playhead: Playhead; shots: Shot[]; current: Shot | undefined; review: Review | undefined };

/** The whole film as a bar of shots, and below it the frames of the shot that is shown. */
export function Scrubber({ playhead, shots, current, review }: Props) {
  const { frame } = useSyncExternalStore(playhead.subscribe, playhead.seen);
  const { frames, rate } = playhead.times;
  const start = current?.start ?? 0;
  const end = current?.end ?? frames;
  return (
    <div className="flex flex-col gap-1.5 px-4">
      <div className="relative h-5">
        <ShotBar shots={shots} current={current} review={review} frames={frames} />
        <div aria-hidden className="pointer-events-none absolute inset-y-0 w-0.5 rounded-full bg-accent" style={{ left: `${(100 * frame) / Math.max(1, frames - 1)}%` }} />
        <input type="range" aria-label="Place in the film" min={0} max={frames - 1} value={frame} aria-valuetext={`frame ${frame}, ${timecode(frame, rate)}`}
          onChange={(event) => playhead.goTo(event.target.valueAsNumber)} className="absolute inset-0 h-full w-full cursor-pointer opacity-0" />
        <FocusRing />
      </div>
      <input type="range" aria-label="Place in the shot" min={start} max={end - 1} value={Math.max(start, Math.min(end - 1, frame))} aria-valuetext={`frame ${frame - start + 1} of ${end - start} of the shot`}
        onChange={(event) => playhead.goTo(event.target.valueAsNumber)} className="slider" />
    </div>
  );
}

const FocusRing = () => <div aria-hidden className="pointer-events-none absolute -inset-1 rounded-md [input:focus-visible+&]:outline-2 [input:focus-visible+&]:outline-accent" />;

/** Approved shots fill the bar's height, those to be redone its lower half, open ones are a line. */
function ShotBar({ shots, current, review, frames }: { shots: Shot[]; current: Shot | undefined; review: Review | undefined; frames: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = (): void => paintBar(element, shots, current, review, frames);
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      observer.disconnect();
      themed.disconnect();
    };
  }, [shots, current, review, frames]);
  return <canvas ref={canvas} aria-hidden className="absolute inset-0 h-full w-full" />;
}

function paintBar(element: HTMLCanvasElement, shots: Shot[], current: Shot | undefined, review: Review | undefined, frames: number): void {
  const scale = window.devicePixelRatio || 1;
  element.width = Math.round(element.clientWidth * scale);
  element.height = Math.round(element.clientHeight * scale);
  const context = element.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(element);
  const ink = style.getPropertyValue("color");
  const { width, height } = element;
  const gap = Math.min(scale * 2, (width / Math.max(1, shots.length)) * 0.25);
  for (const shot of shots) {
    const x = (shot.start / frames) * width;
    const wide = Math.max(scale * 0.5, ((shot.end - shot.start) / frames) * width - gap);
    const made = decision(review?.shots[String(shot.index)] ?? {});
    const share = made === "approved" ? 1 : made === "redo" ? 0.5 : 0.2;
    context.globalAlpha = shot === current ? 0.95 : 0.32;
    context.fillStyle = ink;
    context.fillRect(x, height * (1 - share * 0.8) - height * 0.1, wide, height * share * 0.8);
  }
}
