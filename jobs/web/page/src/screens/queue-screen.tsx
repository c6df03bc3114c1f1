import { Ban, CheckCircle2, CircleSlash, Clock3, ListVideo, LoaderCircle, RotateCcw, ScrollText, TriangleAlert, type LucideIcon } from "lucide-react";
import { Link } from "wouter";
import { linesOf, request } from "../api/client";
import { faultOf, keys, queryClient, useQueue, useSession } from "../api/queries";
import type { JobState, QueueJob } from "../api/types";
import { AppBar } from "../shell/app-bar";
import { Button } from "../ui/button";
import { ago, count } from "../ui/format";
import { Empty, Fault, Lines, Loading, Skeleton } from "../ui/states";
import { useToasts } from "../ui/toasts";
import { ProgressLine, WORK } from "./project-state";

const STATES: Record<JobState, { icon: LucideIcon; text: string; look: string }> = {
  running: { icon: LoaderCircle, text: "At work", look: "text-ink" },
  cancelling: { icon: CircleSlash, text: "Stops", look: "text-quiet" },
  queue: { icon: Clock3, text: "Waits", look: "text-quiet" },
  failed: { icon: TriangleAlert, text: "Failed", look: "text-bad" },
  cancelled: { icon: CircleSlash, text: "Cancelled", look: "text-quiet" },
  done: { icon: CheckCircle2, text: "Done", look: "text-good" },
};

export function QueueScreen() {
  const asked = useQueue();
  const { data: queue, refetch } = asked;
  const fault = faultOf(asked);
  const { data: session } = useSession();
  const open = queue?.jobs.filter((job) => ["running", "cancelling", "queue"].includes(job.state)) ?? [];
  const closed = queue?.jobs.filter((job) => !open.includes(job)) ?? [];
  const worker = session?.worker ?? queue?.worker;
  return (
    <div className="flex h-full flex-col">
      <AppBar />
      <main id="main" className="flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-3xl flex-col gap-8 px-5 py-8 sm:px-8 sm:py-10">
          <div>
            <h1 className="text-xl font-semibold">Queue</h1>
            {worker === "running" && <p className="mt-1 text-quiet">A worker takes one job after the other. It goes on when this page is closed.</p>}
          </div>
          {worker && worker !== "running" && (
            <div className="flex gap-3 rounded-lg border border-line bg-surface p-4 text-sm">
              <TriangleAlert aria-hidden size={18} className="mt-0.5 shrink-0 text-warn" />
              <p>{worker === "off" ? "This server was started without a worker: jobs wait until one runs on this folder." : "The worker has stopped: jobs wait until it runs again."} Start one with <code className="rounded bg-hover px-1.5 py-0.5">kinochrome worker</code>, or start the server again.</p>
            </div>
          )}
          {fault ? <Fault title="The queue could not be read" error={fault} retry={() => void refetch()} />
            : !queue ? <Loading label="Reading the queue"><Skeleton className="h-24" /><Skeleton className="h-24" /></Loading>
            : queue.jobs.length === 0 ? <Empty icon={ListVideo} title="Nothing to do">Jobs appear here when you add a film, change it, or render it.</Empty>
            : (
              <>
                {open.length > 0 && <Jobs title="Now and next" jobs={open} />}
                {closed.length > 0 && <Jobs title="Before" jobs={closed} />}
              </>
            )}
        </div>
      </main>
    </div>
  );
}

function Jobs({ title, jobs }: { title: string; jobs: QueueJob[] }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <h2 className="font-semibold">{title}</h2>
      <ul className="overflow-hidden rounded-xl border border-line bg-surface">
        {jobs.map((job) => <Job key={job.id} job={job} />)}
      </ul>
    </section>
  );
}

function Job({ job }: { job: QueueJob }) {
  const { say } = useToasts();
  const { icon: Icon, text, look } = STATES[job.state];
  const ask = async (what: "cancel" | "retry"): Promise<void> => {
    try {
      await request("POST", `queue/${job.id}/${what}`, { json: {} });
    } catch (error) {
      say({ kind: "bad", lines: linesOf(error) });
    }
    await queryClient.invalidateQueries({ queryKey: keys.queue });
  };
  return (
    <li className={`grid gap-x-4 gap-y-2 border-t border-line p-4 first:border-t-0 ${job.state === "done" ? "grid-cols-[1fr_auto]" : "sm:grid-cols-[1fr_auto]"}`}>
      <div className="min-w-0">
        <p className="flex leading-6 font-medium">
          {job.project ? <Link href={`/projects/${job.project}`} className="min-w-0 truncate rounded hover:underline"><bdi>{job.title}</bdi></Link> : <bdi className="min-w-0 truncate">{job.title}</bdi>}
          <span className="shrink-0 font-normal whitespace-pre text-quiet"> · {WORK[job.what] ?? job.what}</span>
        </p>
        <p className={`flex items-center gap-1.5 text-sm ${look}`}>
          <Icon aria-hidden size={15} className={Icon === LoaderCircle ? "animate-spin" : ""} />{text}
          <span className="text-quiet">· {ago(new Date(job.submitted * 1000).toISOString())}{job.attempts > 1 && `, ${count(job.attempts, "attempt", "attempts")} of ${job.attempts_allowed}`}</span>
        </p>
      </div>
      {job.progress && <div className="min-w-0 sm:col-span-2"><ProgressLine progress={job.progress} /></div>}
      {job.lines.length > 0 && <Lines lines={job.lines} className={`sm:col-span-2 ${job.state === "failed" ? "text-bad" : ""}`} />}
      <div className={`flex items-center gap-2 ${job.state === "done" ? "" : "max-sm:-ml-3"} sm:col-start-2 sm:row-start-1`}>
        <a href={`/api/v1/queue/${job.id}/log`} target="_blank" rel="noreferrer" className="inline-flex h-9 items-center gap-2 rounded-md px-3 text-sm font-medium text-quiet hover:bg-hover hover:text-ink">
          <ScrollText aria-hidden size={16} />Log
        </a>
        {(job.state === "running" || job.state === "queue") && <Button icon={Ban} onClick={() => void ask("cancel")} aria-label={`Cancel: ${job.title}`}>Cancel</Button>}
        {(job.state === "failed" || job.state === "cancelled") && <Button icon={RotateCcw} onClick={() => void ask("retry")} aria-label={`Try again: ${job.title}`}>Try again</Button>}
      </div>
    </li>
  );
}
