import { MoveHorizontal } from "lucide-react";
import type { Box } from "./compose";

/** The line between grey and colour; it is dragged, or moved with [ and ], or with the arrows when it has the focus. */
export function WipeHandle({ box, wipe, onWipe, grip }: { box: Box; wipe: number; onWipe: (wipe: number) => void; grip: boolean }) {
  const drag = (event: React.PointerEvent<HTMLElement>): void => {
    if (!(event.buttons & 1)) return;
    const outer = event.currentTarget.parentElement?.getBoundingClientRect();
    if (outer) onWipe(Math.max(0, Math.min(1, (event.clientX - outer.left - box.x) / box.width)));
  };
  return (
    <>
      {grip && (
        // anywhere in the picture: a press brings the line there, which on a phone is the easiest
        <div aria-hidden className="absolute cursor-ew-resize touch-pan-y" style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
          onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); drag(event); }} onPointerMove={drag} />
      )}
      <div className="pointer-events-none absolute w-px bg-white/90 shadow-[0_0_0_1px_rgb(0_0_0/0.35)]" style={{ left: box.x + box.width * wipe, top: box.y, height: box.height }} />
      <div role="slider" tabIndex={0} data-own-keys aria-label="Wipe: grey to the left, colour to the right" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(wipe * 100)} aria-valuetext={`${Math.round(wipe * 100)} % grey`}
        className="absolute grid h-8 w-8 -translate-x-1/2 -translate-y-1/2 cursor-ew-resize touch-none place-items-center rounded-full border border-black/30 bg-white/90 text-black"
        style={{ left: box.x + box.width * wipe, top: box.y + box.height * (grip ? 0.5 : 0.97) }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove={drag}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          onWipe(Math.max(0, Math.min(1, wipe + step)));
        }}>
        <MoveHorizontal aria-hidden size={16} />
      </div>
    </>
  );
}
