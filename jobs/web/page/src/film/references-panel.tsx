import { ImagePlus, Images, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { API, linesOf, request } from "../api/client";
import { keys, queryClient } from "../api/queries";
import type { Json, Reference } from "../api/types";
import { clientId } from "../review/client-id";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import { Button, IconButton } from "../ui/button";
import { Picture } from "../ui/picture";
import { Empty, Lines } from "../ui/states";
import { Section, Slider } from "../ui/section";
import { Select } from "../ui/select";

type Props = { project: string; reviewing: Reviewing; shot: number; frame: number; still: boolean };

/** Stills in colour that show how things looked, for this shot or for the whole film. */
export function ReferencesPanel({ project, reviewing, shot, frame, still }: Props) {
  const [scope, setScope] = useState<"shot" | "film">("shot");
  const [same, setSame] = useState(false);
  const [lines, setLines] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const mine = Object.entries(shotGiven(reviewing.review, shot).references ?? {});
  const shared = Object.entries(reviewing.review?.film.references ?? {});

  const send = async (files: Iterable<File>): Promise<void> => {
    setLines([]);
    setBusy(true);
    for (const file of files) {
      const form = new FormData();
      form.set("file", file);
      form.set("client", clientId);
      if (scope === "shot") form.set("shot", String(shot));
      if (same) form.set("frame", String(frame));
      try {
        await request("POST", `projects/${project}/references`, { body: form });
        await queryClient.invalidateQueries({ queryKey: keys.review(project) });
      } catch (error) {
        setLines((now) => [...now, ...linesOf(error)]);
      }
    }
    setBusy(false);
  };

  return (
    <>
      <Section title="Add a still in colour">
        <div className={`flex flex-col items-center gap-3 rounded-lg border-2 border-dashed p-5 text-center ${over ? "border-accent bg-accent-soft" : "border-edge/60"}`}
          onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
          onDrop={(event) => { event.preventDefault(); setOver(false); void send(event.dataTransfer.files); }}>
          <p className="text-sm text-quiet">A poster, a costume test, a painted frame. PNG, JPEG or TIFF.</p>
          <Button icon={ImagePlus} disabled={busy} onClick={() => input.current?.click()}>{busy ? "Sending…" : "Choose a still"}</Button>
          <input ref={input} hidden multiple type="file" accept="image/*" data-testid="reference" onChange={(event) => { void send([...(event.target.files ?? [])]); event.target.value = ""; }} />
        </div>
        <div role="alert"><Lines lines={lines} className={lines.length > 0 ? "text-bad" : ""} /></div>
        {!still && (
          <Select label="For" showLabel className="justify-between" value={scope} onChange={(event) => setScope(event.target.value === "film" ? "film" : "shot")}>
            <option value="shot">This shot</option>
            <option value="film">The whole film</option>
          </Select>
        )}
        <label className="flex items-center gap-2.5 text-sm">
          <input type="checkbox" className="h-4 w-4 accent-accent" checked={same} onChange={(event) => setSame(event.target.checked)} />
          {still ? "It shows this very picture" : `It shows this very frame (${frame})`}
        </label>
      </Section>
      {mine.length + shared.length === 0 && <Empty icon={Images} title="No references">A still of the same shot gives its colours to the whole shot. One of another scene helps where things clearly look alike.</Empty>}
      {mine.length > 0 && <References title={still ? "Of this picture" : "Of this shot"} shot={shot} entries={mine} project={project} reviewing={reviewing} />}
      {shared.length > 0 && <References title="Of the whole film" shot={null} entries={shared} project={project} reviewing={reviewing} />}
    </>
  );
}

function References({ title, shot, entries, project, reviewing }: { title: string; shot: number | null; entries: [string, Reference][]; project: string; reviewing: Reviewing }) {
  return (
    <Section title={title}>
      <ul className="flex flex-col gap-4">
        {entries.map(([id, reference]) => (
          <li key={id} className="flex flex-col gap-2">
            <Picture src={`${API}/projects/${project}/references/${id}.jpg`} alt={`Reference ${reference.name}`} className="max-h-44 w-full rounded-md bg-well object-contain" />
            <div className="flex items-center gap-2">
              <p className="min-w-0 flex-1 text-sm"><bdi className="block truncate font-medium">{reference.name}</bdi><span className="text-quiet">{reference.frame === null ? "Found by its light and dark" : `Shows frame ${reference.frame}`}</span></p>
              <IconButton icon={Trash2} label={`Take ${reference.name} away`} onClick={() => reviewing.change([{ shot, field: "references", key: id, value: null }], `Take ${reference.name} away`)} />
            </div>
            <Weight value={reference.weight} name={reference.name} onDone={(weight) => reviewing.change([{ shot, field: "references", key: id, value: { ...reference, weight } as Json }], "Weight of a reference")} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Weight({ value, name, onDone }: { value: number; name: string; onDone: (weight: number) => void }) {
  const [moved, setMoved] = useState<number | null>(null);
  useEffect(() => setMoved(null), [value]);
  return <Slider label={`Weight of ${name}`} value={moved ?? value} min={0.05} max={1} step={0.05} text={`${Math.round((moved ?? value) * 100)} %`} onChange={setMoved} onDone={(next) => next !== value && onDone(next)} />;
}
