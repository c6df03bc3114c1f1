import { Clapperboard } from "lucide-react";
import { useState } from "react";
import { linesOf, request } from "../api/client";
import { storeProject, useLooks } from "../api/queries";
import type { Project, Review, Shot } from "../api/types";
import { useAction } from "../keys/use-action";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { count } from "../ui/format";
import { Lines } from "../ui/states";
import { useToasts } from "../ui/toasts";
import { tally } from "./shot-order";

/** Asks how, then puts the film into the queue at full size. */
export function RenderButton({ project, review, shots }: { project: Project; review: Review | undefined; shots: Shot[] }) {
  const [open, setOpen] = useState(false);
  const busy = project.job !== null && ["queue", "running", "cancelling"].includes(project.job.state) && project.progress?.what !== "preview";
  useAction("render", () => setOpen(true), { when: !busy });
  return (
    <>
      <Button look="primary" icon={Clapperboard} action="render" disabled={busy} onClick={() => setOpen(true)}>
        <span className="max-sm:sr-only">{busy ? (project.progress ? `Rendering ${Math.round(project.progress.percent)} %` : "Rendering") : "Render"}</span>
      </Button>
      {open && <RenderDialog project={project} review={review} shots={shots} onClose={() => setOpen(false)} />}
    </>
  );
}

function RenderDialog({ project, review, shots, onClose }: { project: Project; review: Review | undefined; shots: Shot[]; onClose: () => void }) {
  const { data: looks } = useLooks();
  const { say } = useToasts();
  const [preset, setPreset] = useState(project.preset);
  const [only, setOnly] = useState(false);
  const [lines, setLines] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const { approved, redo, open } = tally(shots, review);
  const go = async (): Promise<void> => {
    setBusy(true);
    try {
      await request("POST", `projects/${project.id}/render`, { json: { preset, only_approved: only } });
      storeProject(await request<Project>("GET", `projects/${project.id}`));
      say({ kind: "good", lines: ["The film is in the queue. The download appears when it is done."] });
      onClose();
    } catch (error) {
      setLines(linesOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Render the film" onClose={onClose}>
      <form className="flex flex-col gap-5" onSubmit={(event) => { event.preventDefault(); void go(); }}>
        <p className="text-quiet">{[count(approved, "shot is approved", "shots are approved"), redo > 0 && count(redo, "is to be redone", "are to be redone"), open > 0 && count(open, "is open", "are open")].filter(Boolean).join(", ")}.</p>
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-2 text-sm font-semibold">For</legend>
          {(looks?.presets ?? []).filter(({ id }) => id !== "preview" && id !== "sequence").map((each) => (
            <label key={each.id} className="flex cursor-pointer items-start gap-3 rounded-lg border border-transparent px-3 py-2.5 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft">
              <input type="radio" name="preset" className="mt-1 accent-accent" checked={preset === each.id} onChange={() => setPreset(each.id)} />
              <span><span className="block font-medium">{each.name} <span className="font-normal text-quiet">{each.suffix}</span></span><span className="block text-sm text-quiet">{each.text}</span></span>
            </label>
          ))}
        </fieldset>
        <label className="flex items-start gap-3">
          <input type="checkbox" className="mt-1 h-4 w-4 accent-accent" checked={only} onChange={(event) => setOnly(event.target.checked)} />
          <span>Only approved shots in colour<span className="block text-sm text-quiet">Shots that are open or to be redone stay grey.</span></span>
        </label>
        <div role="alert"><Lines lines={lines} className={lines.length > 0 ? "text-bad" : ""} /></div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button look="primary" type="submit" disabled={busy} data-first>Render</Button>
        </div>
      </form>
    </Dialog>
  );
}
