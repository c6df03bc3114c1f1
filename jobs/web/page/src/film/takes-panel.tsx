import { Check, X } from "lucide-react";
import { useState } from "react";
import { useTakes } from "../api/queries";
import { ColourField } from "../paint/colour-field";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import { Button, IconButton } from "../ui/button";
import { Picture } from "../ui/picture";
import { Fault, Loading, Skeleton } from "../ui/states";
import { Section } from "../ui/section";
import { Select } from "../ui/select";

const MORE = 4;
const MOST = 24;

/** Other colourings of the shot to choose from, and its lettered regions. */
export function TakesPanel({ project, reviewing, shot, revision }: { project: string; reviewing: Reviewing; shot: number; revision: number }) {
  const [count, setCount] = useState(MORE);
  const given = shotGiven(reviewing.review, shot);
  const { data: takes, error, refetch, isFetching } = useTakes(project, shot, count, revision);
  const chosen = given.take ?? 0;
  return (
    <>
      <Section title="Takes">
        <p className="text-sm text-quiet">Other colours that the network finds possible. The one you choose holds for the whole shot.</p>
        {error ? <Fault title="No takes could be made" error={error} retry={() => void refetch()} /> : !takes ? (
          <Loading label="Making takes"><div className="grid grid-cols-2 gap-3">{[0, 1, 2, 3].map((key) => <Skeleton key={key} className="aspect-[4/3]" />)}</div></Loading>
        ) : (
          <ul className="grid grid-cols-2 gap-3">
            {takes.takes.map(({ take, url }) => (
              <li key={take}>
                <button type="button" aria-pressed={take === chosen} onClick={() => reviewing.change([{ shot, field: "take", value: take === 0 ? null : take }], take === 0 ? "Automatic colours" : `Take ${take}`)}
                  className={`block w-full overflow-hidden rounded-lg border text-left ${take === chosen ? "border-accent ring-2 ring-accent" : "border-line hover:border-edge"}`}>
                  <Picture src={url} alt="" className="aspect-[4/3] w-full bg-well object-cover" />
                  <span className="flex items-center justify-between px-2.5 py-1.5 text-sm font-medium">{take === 0 ? "Automatic" : `Take ${take}`}{take === chosen && <Check role="img" aria-label="Chosen" size={15} />}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {takes && count < MOST && <Button disabled={isFetching} onClick={() => setCount(Math.min(MOST, count + MORE))}>{isFetching ? "Making takes…" : "More takes"}</Button>}
      </Section>
      {takes?.regions && <Regions reviewing={reviewing} shot={shot} url={takes.regions.url} letters={takes.regions.letters} />}
    </>
  );
}

function Regions({ reviewing, shot, url, letters }: { reviewing: Reviewing; shot: number; url: string; letters: string[] }) {
  const regions = shotGiven(reviewing.review, shot).regions ?? {};
  const set = (letter: string, colour: string | null): void =>
    reviewing.change([{ shot, field: "regions", key: letter, value: colour }], colour === null ? `Region ${letter} as it was` : `Region ${letter}: ${colour}`);
  const rest = letters.filter((letter) => !(letter in regions));
  return (
    <Section title="Regions">
      <Picture src={url} alt={`The shot’s regions with the letters ${letters.join(", ")}`} className="min-h-24 w-full rounded-md bg-well" />
      {Object.entries(regions).map(([letter, colour]) => (
        <div key={letter} className="grid grid-cols-[1.5rem_1fr_auto] items-center gap-2 text-sm">
          <span className="font-semibold">{letter}</span>
          <ColourField label={`Region ${letter}`} value={colour} onChange={(next) => set(letter, next)} />
          <IconButton icon={X} label={`Region ${letter} as it was`} className="h-7 w-7" onClick={() => set(letter, null)} />
        </div>
      ))}
      {rest.length > 0 && (
        <Select label="Colour a region" value="" onChange={(event) => event.target.value && set(event.target.value, "neutral")}>
          <option value="">Colour a region…</option>
          {rest.map((letter) => <option key={letter} value={letter}>Region {letter}</option>)}
        </Select>
      )}
    </Section>
  );
}
