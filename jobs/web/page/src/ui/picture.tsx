import { ImageOff, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { pictureSlots } from "./slots";

/** A picture of the server; what stands in its place until it is there, or if it does not come, is a sign. */
export function Picture({ src, alt, className = "", icon: Icon = ImageOff }: { src: string | null; alt: string; className?: string; icon?: LucideIcon }) {
  const [state, setState] = useState<{ src: string | null; is: "waiting" | "loading" | "there" | "failed" }>({ src: null, is: "waiting" });
  useEffect(() => {
    if (!src) return;
    let image: HTMLImageElement | null = null;
    const release = pictureSlots.take(() => {
      image = new Image();
      image.onload = () => { setState({ src, is: "there" }); release(); };
      image.onerror = () => { setState({ src, is: "failed" }); release(); };
      image.src = src;
    });
    return () => {
      if (image) {
        image.onload = image.onerror = null;
        // gives the connection back at once
        image.src = "";
      }
      release();
    };
  }, [src]);
  // the last picture stays until the next one is there
  if (state.src && state.is === "there" && src) return <img src={state.src} alt={alt} decoding="async" className={className} />;
  return (
    <span role={alt ? "img" : undefined} aria-label={alt || undefined} className={`grid place-items-center ${className}`}>
      {(!src || state.is === "failed") && <Icon aria-hidden size={24} strokeWidth={1.25} className="text-quiet" />}
    </span>
  );
}
