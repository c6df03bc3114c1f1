import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Review } from "../api/types";
import type { Reviewing } from "../review/use-review";
import { Button, IconButton } from "../ui/button";
import { count } from "../ui/format";
import { Section } from "../ui/section";
import { Swatch } from "./colour-field";
import { useColourHex } from "./colour-names";
import type { Paint } from "./use-paint";

/** The film's named colours: named once, used in every shot, and changed everywhere at once. */
export function Palette({ paint, reviewing }: { paint: Paint; reviewing: Reviewing }) {
  const [name, setName] = useState("");
  const palette = reviewing.review?.film.colours ?? {};
  const hex = useColourHex(paint.colour);
  const clean = name.trim();
  const fault = clean in palette ? `There is a colour named ${clean}.` : clean.startsWith("#") || clean === "neutral" ? "This name means something else; take another one." : "";
  const add = (): void => {
    if (!clean || fault || !hex) return;
    reviewing.change([{ shot: null, field: "colours", key: clean, value: hex }], `Name ${clean}`);
    setName("");
    paint.recolour(clean);
  };
  return (
    <Section title="Palette of the film">
      {Object.keys(palette).length === 0 && <p className="text-sm text-quiet">Name a colour that comes again: the same coat in every shot.</p>}
      <ul className="-mx-2 flex flex-col">
        {Object.entries(palette).map(([each, value]) => {
          const uses = usesOf(reviewing.review, each);
          return (
            <li key={each} className={`flex items-center gap-1 rounded-md pr-1 ${paint.colour === each ? "bg-accent-soft" : "hover:bg-hover"}`}>
              <span className="relative ml-2 inline-flex">
                <Swatch colour={value} />
                <input type="color" aria-label={`Change ${each}`} title={`Change ${each} in every shot`} value={/^#[0-9a-f]{6}$/i.test(value) ? value : "#8f8f8f"} className="absolute inset-0 h-full w-full cursor-pointer opacity-0"
                  onChange={(event) => reviewing.change([{ shot: null, field: "colours", key: each, value: event.target.value }], `Change ${each}`)} />
              </span>
              <button type="button" aria-pressed={paint.colour === each} className="min-w-0 flex-1 truncate rounded-md px-1.5 py-2 text-left text-sm" onClick={() => paint.recolour(each)}><bdi>{each}</bdi></button>
              {uses > 0 ? <span className="px-2 text-xs text-quiet" title="It can be taken away when nothing uses it">{count(uses, "use", "uses")}</span>
                : <IconButton icon={X} label={`Take ${each} away`} className="h-7 w-7" onClick={() => reviewing.change([{ shot: null, field: "colours", key: each, value: null }], `Take ${each} away`)} />}
            </li>
          );
        })}
      </ul>
      <form className="flex items-center gap-2" onSubmit={(event) => { event.preventDefault(); add(); }}>
        <Swatch colour={paint.colour} />
        <input aria-label="Name for the colour above" value={name} onChange={(event) => setName(event.target.value)} placeholder="Name this colour" maxLength={60} aria-invalid={fault !== ""}
          className="h-9 w-full min-w-0 rounded-md border border-line bg-raised px-3 text-sm" />
        <Button type="submit" icon={Plus} disabled={!clean || fault !== "" || !hex}>Add</Button>
      </form>
      {fault && <p role="alert" className="text-sm text-bad">{fault}</p>}
    </Section>
  );
}

function usesOf(review: Review | undefined, name: string): number {
  if (!review) return 0;
  let uses = 0;
  for (const given of [review.film, ...Object.values(review.shots)]) {
    uses += Object.values(given.marks ?? {}).filter((mark) => mark.colour === name).length;
    uses += [...Object.values(given.words ?? {}), ...Object.values(given.regions ?? {})].filter((colour) => colour === name).length;
  }
  return uses;
}
