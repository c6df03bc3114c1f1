import { Columns2, Contrast, Diff, Pause, Play, Repeat, SkipBack, SkipForward, SquareSplitHorizontal, StepBack, StepForward, Volume2, VolumeX, type LucideIcon } from "lucide-react";
import { useSyncExternalStore, type ReactNode } from "react";
import { hint, type Action } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import { IconButton } from "../ui/button";
import type { Mode } from "./compose";
import type { Playhead } from "./playhead";
import { timecode } from "./times";

type Props = {
  playhead: Playhead | null;
  mode: Mode;
  onMode: (mode: Mode) => void;
  onOriginal: (held: boolean) => void;
  loop: boolean;
  onLoop: (loop: boolean) => void;
  muted: boolean;
  onMuted: ((muted: boolean) => void) | null;
  onShot: (step: 1 | -1) => void;
  wipe: number;
  onWipe: (wipe: number) => void;
  note: ReactNode;
};

const MODES: { mode: Mode; icon: LucideIcon; action: Action; name: string }[] = [
  { mode: "wipe", icon: SquareSplitHorizontal, action: "wipe", name: "Wipe" },
  { mode: "side", icon: Columns2, action: "side", name: "Side by side" },
  { mode: "difference", icon: Diff, action: "difference", name: "Difference" },
  { mode: "colour", icon: Contrast, action: "colour", name: "Colour only" },
];

export function Transport(props: Props) {
  return (
    <div className={`flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 max-sm:justify-center ${props.playhead ? "" : "justify-center"}`}>
      {props.playhead && <Running {...props} playhead={props.playhead} />}
      <div className={`min-w-0 max-sm:order-last max-sm:basis-full ${props.playhead ? "flex-1" : "empty:hidden"}`}>{props.note}</div>
      <Compare {...props} />
    </div>
  );
}

function Running({ playhead, loop, onLoop, muted, onMuted, onShot }: Props & { playhead: Playhead }) {
  const { frame, playing } = useSyncExternalStore(playhead.subscribe, playhead.seen);
  const { rate } = playhead.times;
  const second = Math.max(1, Math.round(rate));
  useAction("play", () => playhead.toggle());
  useAction("frame.next", () => playhead.step(1));
  useAction("frame.previous", () => playhead.step(-1));
  useAction("second.next", () => playhead.step(second));
  useAction("second.previous", () => playhead.step(-second));
  useAction("loop", () => onLoop(!loop));
  useAction("mute", () => onMuted?.(!muted), { when: onMuted !== null });
  return (
    <>
      <div className="flex items-center" role="group" aria-label="Play">
        <IconButton icon={SkipBack} label="Previous shot" action="shot.previous" onClick={() => onShot(-1)} />
        <IconButton icon={StepBack} label="One frame back" action="frame.previous" onClick={() => playhead.step(-1)} className="max-sm:hidden" />
        <IconButton icon={playing ? Pause : Play} label={playing ? "Pause" : "Play"} action="play" onClick={() => playhead.toggle()} className="mx-1 bg-ink! text-inverse! rounded-full! hover:opacity-85" />
        <IconButton icon={StepForward} label="One frame on" action="frame.next" onClick={() => playhead.step(1)} className="max-sm:hidden" />
        <IconButton icon={SkipForward} label="Next shot" action="shot.next" onClick={() => onShot(1)} />
        <IconButton icon={Repeat} label="Loop the shot" action="loop" pressed={loop} onClick={() => onLoop(!loop)} className="ml-1" />
        {onMuted && <IconButton icon={muted ? VolumeX : Volume2} label={muted ? "Sound on" : "Sound off"} action="mute" onClick={() => onMuted(!muted)} />}
      </div>
      <p className="text-sm whitespace-nowrap text-quiet max-sm:hidden"><span className="text-ink">{timecode(frame, rate)}</span><span className="max-xl:hidden"> · frame {frame}</span></p>
    </>
  );
}

function Compare({ mode, onMode, onOriginal, wipe, onWipe }: Props) {
  useAction("wipe", () => onMode("wipe"));
  useAction("side", () => onMode("side"));
  useAction("difference", () => onMode("difference"));
  useAction("colour", () => onMode("colour"));
  useAction("original", () => onOriginal(true), { release: () => onOriginal(false) });
  useAction("wipe.left", () => onWipe(Math.max(0, wipe - 0.05)), { when: mode === "wipe" });
  useAction("wipe.right", () => onWipe(Math.min(1, wipe + 0.05)), { when: mode === "wipe" });
  return (
    <div className="flex items-center gap-1" role="group" aria-label="Compare">
      {MODES.map((each) => <IconButton key={each.mode} icon={each.icon} label={each.name} action={each.action} pressed={mode === each.mode} onClick={() => onMode(each.mode)} />)}
      <button type="button" title={hint("original")} className="h-9 touch-none rounded-md px-3 text-sm font-medium text-quiet select-none hover:bg-hover hover:text-ink active:bg-accent-soft"
        onPointerDown={() => onOriginal(true)} onPointerUp={() => onOriginal(false)} onPointerLeave={() => onOriginal(false)} onPointerCancel={() => onOriginal(false)}
        onKeyDown={(event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); onOriginal(true); } }} onKeyUp={() => onOriginal(false)} onBlur={() => onOriginal(false)}
        onContextMenu={(event) => event.preventDefault()}>
        Original
      </button>
    </div>
  );
}
