import { Download, FileText, Film, Image, ScrollText } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { linesOf } from "../api/client";
import { storeProject } from "../api/queries";
import type { Output, Project } from "../api/types";
import { hint } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import { Button } from "../ui/button";
import { bytes } from "../ui/format";
import { Popover } from "../ui/popover";
import { useToasts } from "../ui/toasts";
import { writtenStill } from "./still-file";

const ICONS = { film: Film, still: Image, report: FileText, record: ScrollText, job: ScrollText };
const NAMES: Record<Output["what"], string> = { film: "The film", still: "The picture", report: "Report", record: "Record, for programs", job: "Job file" };

type Props = { project: Project; keyed?: boolean };

/** What was made of a project, to take away. With `keyed`, the key does it. */
export const DownloadButton = (props: Props) => (props.project.kind === "still" ? <StillDownload {...props} /> : <FilmDownloads {...props} />);

/** The picture as it is seen, at full size: one press writes it, where that is not done yet, and hands it over. */
function StillDownload({ project, keyed = false }: Props) {
  const [busy, setBusy] = useState(false);
  const { say } = useToasts();
  const leaving = useRef<AbortController>(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const go = async (): Promise<void> => {
    const { signal } = (leaving.current = new AbortController());
    setBusy(true);
    try {
      const output = await writtenStill(project.id, { signal, onProject: storeProject });
      const link = document.createElement("a");
      link.href = output.url;
      link.download = output.name;
      link.click();
    } catch (error) {
      if (!signal.aborted) say({ kind: "bad", lines: ["The picture was not written.", ...linesOf(error)] });
    }
    setBusy(false);
  };
  useAction("download", () => void go(), { when: keyed && !busy });
  return (
    <Button look={keyed ? "primary" : "plain"} icon={Download} disabled={busy} onClick={() => void go()} {...(keyed && { action: "download" as const })}>
      {busy ? "Writing" : "Download"}
    </Button>
  );
}

/** The film, its report and its record. */
function FilmDownloads({ project, keyed = false }: Props) {
  const first = useRef<HTMLAnchorElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { outputs } = project;
  useAction("download", () => first.current?.click(), { when: keyed && outputs.length > 0 });
  const dress = "inline-flex h-9 shrink-0 items-center gap-2 rounded-md border border-line bg-raised px-3 text-sm font-medium hover:bg-hover disabled:opacity-45";
  if (outputs.length === 0)
    return (
      <button type="button" disabled className={`${dress} max-sm:hidden`} title="There is a download once the film is rendered">
        <Download aria-hidden size={16} strokeWidth={1.75} /><span className="max-lg:sr-only">Download</span>
      </button>
    );
  return (
    <Popover label={`Downloads of ${project.title}`}
      button={(props) => (
        <button ref={button} type="button" className={dress} title={keyed ? hint("download") : "Download"} {...props}>
          <Download aria-hidden size={16} strokeWidth={1.75} /><span className="max-lg:sr-only">Download</span>
        </button>
      )}>
      <ul>
        {outputs.map((output, index) => {
          const Icon = ICONS[output.what];
          return (
            <li key={output.name}>
              <a ref={index === 0 ? first : undefined} href={output.url} download={output.name} className="flex items-center gap-3 rounded-md px-3 py-2 hover:bg-hover">
                <Icon aria-hidden size={18} strokeWidth={1.75} className="shrink-0 text-quiet" />
                <span className="min-w-0 flex-1"><span className="block text-sm font-medium">{NAMES[output.what]}</span><bdi className="block truncate text-xs text-quiet">{output.name}</bdi></span>
                <span className="shrink-0 text-sm text-quiet">{bytes(output.bytes)}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </Popover>
  );
}
