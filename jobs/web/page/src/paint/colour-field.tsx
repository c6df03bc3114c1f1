import { useId, useState } from "react";
import { useColourHex, useColourSearch } from "./colour-names";

/** A square of a colour; a slash through it stands for grey, a cross-hatch for none. */
export function Swatch({ colour, size = 20 }: { colour: string; size?: number }) {
  const hex = useColourHex(colour);
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 20 20" className="shrink-0 rounded-[5px]">
      <rect width="20" height="20" fill={hex ?? "#8f8f8f"} />
      {!hex && <path d="M3 17 17 3" stroke="#fff" strokeWidth="1.5" />}
      <rect x="0.5" y="0.5" width="19" height="19" rx="4.5" fill="none" stroke="currentColor" strokeOpacity="0.35" />
    </svg>
  );
}

/** A colour by its name, its number, or from the system's chooser. */
export function ColourField({ label, value, onChange }: { label: string; value: string; onChange: (colour: string) => void }) {
  const [text, setText] = useState<string | null>(null);
  const list = useId();
  const hex = useColourHex(value);
  const { data: found } = useColourSearch(text ?? "");
  const typed = useColourHex(text?.trim() ?? "");
  const bad = text !== null && text.trim() !== "" && text.trim() !== "neutral" && !typed && (found?.length ?? 0) === 0;
  const take = (): void => {
    const next = text?.trim();
    if (next && (typed || next === "neutral")) onChange(next.toLowerCase());
    setText(null);
  };
  return (
    <div className="flex min-w-0 items-center gap-2">
      <span className="relative inline-flex h-9 w-9 shrink-0 overflow-hidden rounded-md border border-line">
        <Swatch colour={value} size={36} />
        <input type="color" aria-label={`${label}: choose`} title="Choose a colour" value={hex ?? "#8f8f8f"} onChange={(event) => onChange(event.target.value)} className="absolute inset-0 cursor-pointer opacity-0" />
      </span>
      <input type="text" aria-label={`${label}: name or number`} list={list} value={text ?? value} spellCheck={false} autoComplete="off" aria-invalid={bad}
        placeholder="pale blue, #39455a"
        onFocus={(event) => event.target.select()} onChange={(event) => setText(event.target.value)} onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") { take(); event.currentTarget.blur(); }
          if (event.key === "Escape") { setText(null); event.currentTarget.blur(); }
        }}
        className={`h-9 w-full min-w-0 rounded-md border bg-raised px-3 text-sm ${bad ? "border-bad" : "border-line"}`} />
      <datalist id={list}>{found?.map(({ name }) => <option key={name} value={name} />)}</datalist>
    </div>
  );
}
