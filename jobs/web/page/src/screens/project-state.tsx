import { CheckCircle2, CircleDashed, Clock3, Eye, LoaderCircle, TriangleAlert, type LucideIcon } from "lucide-react";
import type { Project, Progress } from "../api/types";
import { duration } from "../ui/format";
import { ProgressBar } from "../ui/states";

const STATES: Record<Project["state"], { icon: LucideIcon; text: string; look: string }> = {
  new: { icon: CircleDashed, text: "New", look: "text-quiet" },
  queued: { icon: Clock3, text: "Waits for its turn", look: "text-quiet" },
  planning: { icon: LoaderCircle, text: "Finding the shots", look: "text-quiet" },
  running: { icon: LoaderCircle, text: "At work", look: "text-quiet" },
  ready: { icon: Eye, text: "Ready for review", look: "text-ink" },
  done: { icon: CheckCircle2, text: "Rendered", look: "text-good" },
  failed: { icon: TriangleAlert, text: "Stopped by a fault", look: "text-bad" },
};

export function StateLine({ project }: { project: Project }) {
  const { icon: Icon, text, look } = STATES[project.state];
  const still = project.kind === "still";
  const said = project.state === "ready" && still ? "Coloured" : project.state === "planning" && still ? "Looking into the file" : text;
  return (
    <p className={`flex items-center gap-1.5 text-sm ${look}`}>
      <Icon aria-hidden size={15} strokeWidth={2} className={Icon === LoaderCircle ? "animate-spin" : ""} />
      {said}
      {project.film?.stale && project.state === "ready" && <span className="text-quiet">· changed since the last render</span>}
    </p>
  );
}

/** By the names in `jobs/progress/stages.py`, and the two that a job has before its first stage. */
const STAGES: Record<string, string> = {
  waiting: "Waits for its turn",
  starting: "Starting",
  network: "Loading the network",
  fingerprint: "Reading the file",
  packets: "Checking the packets",
  scan: "Finding the shots",
  measure: "Measuring how long it will take",
  colour: "Colouring",
  render: "Writing the pictures",
  mux: "Putting the film together",
  copies: "Comparing the copied streams",
  "hash source": "Checksum of the source",
  "hash film": "Checksum of the film",
  prove: "Checking the luma of every frame",
  stills: "Colouring",
};
/** What a job makes. */
export const WORK = { preview: "Preview", film: "Film", still: "Picture" };

export function ProgressLine({ progress, quiet = false }: { progress: Progress; quiet?: boolean }) {
  const stage = STAGES[progress.stage] ?? progress.stage;
  const waits = progress.stage === "waiting";
  const left = progress.seconds_left === null ? "" : `, about ${duration(progress.seconds_left)} left`;
  return (
    <div className="flex flex-col gap-1.5">
      <ProgressBar label={`${WORK[progress.what]}: ${stage}`} percent={progress.percent} />
      {!quiet && (
        <p className="flex justify-between gap-3 text-sm text-quiet">
          <span className="truncate">{WORK[progress.what]}: {stage.toLowerCase()}{left}</span>
          {!waits && <span className="shrink-0">{Math.round(progress.percent)} %</span>}
        </p>
      )}
    </div>
  );
}
