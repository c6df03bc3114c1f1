import { ApiError, request } from "../api/client";
import type { Output, Project } from "../api/types";
import { reviewOf } from "../review/project-review";

type Options = {
  signal: AbortSignal;
  /** Hears how the project stands, again and again. */
  onProject?: (project: Project) => void;
  call?: typeof request;
  pause?: () => Promise<void>;
  /** Whether changes are still on their way to the server. */
  saving?: () => boolean;
};

const POLL_MS = 500;
const BUSY = ["queue", "running", "cancelling"];

/** The file of a picture with the colours that it has now; it is written first where there is none. Refusals are thrown. */
export async function writtenStill(id: string, options: Options): Promise<Output> {
  const { signal, onProject, call = request, pause = sleep, saving = () => reviewOf(id).outbox.state.kind === "saving" } = options;
  while (saving()) await pause();
  for (let asked = false; ; await pause()) {
    signal.throwIfAborted();
    try {
      const project = await call<Project>("GET", `projects/${id}`, { signal });
      onProject?.(project);
      const output = project.outputs.find(({ what }) => what === "still");
      if (output && project.film && !project.film.stale) return output;
      if (project.job && BUSY.includes(project.job.state)) continue;
      if (asked && project.job && project.job.state !== "done") throw new ApiError(0, "failed", project.lines);
      await call("POST", `projects/${id}/render`, { json: {}, signal });
      asked = true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code === "failed" || !error.passing) throw error;
    }
  }
}

const sleep = (): Promise<void> => new Promise((done) => setTimeout(done, POLL_MS));
