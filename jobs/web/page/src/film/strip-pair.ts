import { useEffect, useMemo, useState } from "react";
import type { Shot } from "../api/types";
import { pictureSlots } from "../ui/slots";
import type { Half, Pair } from "./compose";

const GAP_PX = 4;

/** The small pictures of a shot's strip, as a pair: they are there at once, and stand in until a larger picture comes. */
export function useStrip(shot: Shot | undefined, frame: number): Pair | null {
  const grey = useImage(shot?.strip.grey);
  const colour = useImage(shot?.strip.colour ?? shot?.strip.grey);
  const frames = shot?.strip.frames;
  const place = nearest(frames ?? [], frame);
  const pictures = Math.max(1, frames?.length ?? 1);
  return useMemo(
    () => (grey && colour ? { grey: part(grey, place, pictures), colour: part(colour, place, pictures) } : null),
    [grey, colour, place, pictures],
  );
}

function part(image: HTMLImageElement, place: number, pictures: number): Half {
  const width = (image.naturalWidth - GAP_PX * (pictures - 1)) / pictures;
  return { source: image, x: place * (width + GAP_PX), y: 0, width, height: image.naturalHeight };
}

/** Which of `frames` lies nearest to `frame`. */
export function nearest(frames: readonly number[], frame: number): number {
  let best = 0;
  frames.forEach((each, place) => {
    if (Math.abs(each - frame) < Math.abs((frames[best] ?? 0) - frame)) best = place;
  });
  return best;
}

function useImage(url: string | undefined): HTMLImageElement | null {
  const [image, setImage] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    setImage(null);
    if (!url) return;
    const loading = new Image();
    const release = pictureSlots.take(() => {
      loading.onload = () => { setImage(loading); release(); };
      loading.onerror = () => release();
      loading.src = url;
    });
    return () => {
      loading.onload = loading.onerror = null;
      // gives the connection back at once
      if (!loading.complete) loading.src = "";
      release();
    };
  }, [url]);
  return image;
}
