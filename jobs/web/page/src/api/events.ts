import { reviewOf, type ReviewEvent } from "../review/project-review";
import { API, request } from "./client";
import { keys, queryClient, storeProject } from "./queries";
import type { Project, Session, WorkerState } from "./types";

const POLL_MS = 3000;

/** Keeps what is shown current: by the server's events, or by asking every 3 s while it has no free stream. */
export function startEvents(): () => void {
  let source: EventSource | undefined;
  let poll: ReturnType<typeof setInterval> | undefined;

  const open = (): void => {
    if (source) return;
    source = new EventSource(`${API}/events`);
    const on = (name: string, handle: (data: never) => void): void =>
      source?.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent<string>).data) as never));
    source.addEventListener("open", () => {
      clearInterval(poll);
      poll = undefined;
    });
    source.addEventListener("error", () => {
      poll ??= setInterval(ask, POLL_MS);
      // after a refusal the browser gives the stream up for good
      if (source?.readyState === EventSource.CLOSED) {
        source = undefined;
        setTimeout(() => !document.hidden && open(), POLL_MS);
      }
    });
    on("reload", refetchAll);
    on("project", (project: Project) => changed(project));
    on("project_gone", ({ id }: { id: string }) => {
      queryClient.setQueryData<Project[]>(keys.projects, (all) => all?.filter((project) => project.id !== id));
      void queryClient.invalidateQueries({ queryKey: keys.project(id) });
    });
    on("queue", () => void queryClient.invalidateQueries({ queryKey: keys.queue }));
    on("review", (event: ReviewEvent) => reviewOf(event.project).heard(event));
    on("worker", ({ state }: { state: WorkerState }) => {
      queryClient.setQueryData<Session>(keys.session, (session) => session && { ...session, worker: state });
      void queryClient.invalidateQueries({ queryKey: keys.queue });
    });
  };

  const close = (): void => {
    source?.close();
    source = undefined;
    clearInterval(poll);
    poll = undefined;
  };
  // a hidden tab gives its stream to those that are looked at
  const seen = (): void => {
    if (document.hidden) close();
    else if (!source) {
      open();
      refetchAll();
    }
  };
  document.addEventListener("visibilitychange", seen);
  open();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}

function changed(project: Project): void {
  const before = queryClient.getQueryData<Project>(keys.project(project.id));
  storeProject(project);
  const renewed = before?.preview?.revision !== project.preview?.revision || before?.state !== project.state || before?.can_review !== project.can_review;
  if (renewed) void queryClient.invalidateQueries({ queryKey: keys.shots(project.id) });
}

const refetchAll = (): void => void queryClient.invalidateQueries();

async function ask(): Promise<void> {
  try {
    const { projects } = await request<{ projects: Project[] }>("GET", "projects");
    queryClient.setQueryData(keys.projects, projects);
    projects.forEach(changed);
    await queryClient.invalidateQueries({ queryKey: keys.queue });
  } catch {
    // the next round asks again; what is shown says that the server is away
  }
}
