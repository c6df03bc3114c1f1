import { X } from "lucide-react";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import { IconButton } from "../ui/button";
import { Section } from "../ui/section";
import { Select } from "../ui/select";
import { ColourField } from "./colour-field";

const FIRST: Record<string, string> = { sky: "pale blue", skin: "tan", greenery: "grass green" };

/** Things by name, for this shot: `sky: pale blue`. */
export function Words({ reviewing, shot, nouns }: { reviewing: Reviewing; shot: number; nouns: string[] }) {
  const words = shotGiven(reviewing.review, shot).words ?? {};
  const rest = nouns.filter((noun) => !(noun in words));
  const set = (noun: string, colour: string | null): void =>
    reviewing.change([{ shot, field: "words", key: noun, value: colour }], colour === null ? `Take ${noun} away` : `${noun}: ${colour}`);
  return (
    <Section title="Things by name">
      {Object.entries(words).map(([noun, colour]) => (
        <div key={noun} className="grid grid-cols-[5.5rem_1fr_auto] items-center gap-2 text-sm">
          <span className="truncate font-medium">{noun}</span>
          <ColourField label={noun} value={colour} onChange={(next) => set(noun, next)} />
          <IconButton icon={X} label={`Take ${noun} away`} className="h-7 w-7" onClick={() => set(noun, null)} />
        </div>
      ))}
      {rest.length > 0 && (
        <Select label="Add a thing" value="" onChange={(event) => event.target.value && set(event.target.value, FIRST[event.target.value] ?? "grey")}>
          <option value="">Add a thing…</option>
          {rest.map((noun) => <option key={noun} value={noun}>{noun}</option>)}
        </Select>
      )}
    </Section>
  );
}
