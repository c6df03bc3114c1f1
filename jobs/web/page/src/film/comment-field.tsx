import { useEffect, useRef, useState } from "react";
import { useAction } from "../keys/use-action";

const PAUSE_MS = 500;
const MOST = 4000;

/** A comment that saves itself half a second after the last letter, and when it is left. */
export function CommentField({ value, onSave, id }: { value: string; onSave: (text: string) => void; id: string }) {
  const [text, setText] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const field = useRef<HTMLTextAreaElement>(null);
  const unsaved = useRef<(() => void) | null>(null);
  useAction("comment", () => field.current?.focus());
  const save = (): void => {
    clearTimeout(timer.current);
    unsaved.current?.();
    unsaved.current = null;
  };
  useEffect(() => {
    window.addEventListener("pagehide", save);
    return () => {
      window.removeEventListener("pagehide", save);
      save();
    };
  }, [id]);
  return (
    <label className="flex flex-col gap-2 text-sm font-medium">
      Comment
      <textarea ref={field} dir="auto" rows={3} maxLength={MOST} value={text ?? value} placeholder="What should change?"
        className="resize-y rounded-md border border-line bg-raised px-3 py-2 text-base font-normal placeholder:text-quiet"
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          unsaved.current = () => onSave(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(save, PAUSE_MS);
        }}
        onBlur={() => { save(); setText(null); }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
    </label>
  );
}
