import { Download, FileText, Film, Image, ScrollText } from "lucide-react";
import { useRef } from "react";
import type { Output, Project } from "../api/types";
import { hint } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import { bytes } from "../ui/format";
import { Popover } from "../ui/popover";

const ICONS = { film: Film, still: Image, report: FileText, record: ScrollText, job: ScrollText };
const NAMES: Record<Output["what"], string> = { film: "The film", still: "The picture", report: "Report", record: "Record, for programs", job: "Job file" };

/** Everything that was made of the project. With `keyed`, the key downloads the first of it. */
export function DownloadButton({ project, keyed = false }: { project: Project; keyed?: boolean }) {
  const first = useRef<HTMLAnchorElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { outputs } = project;
  useAction("download", () => first.current?.click(), { when: keyed && outputs.length > 0 });
  const dress = "inline-flex h-9 shrink-0 items-center gap-2 rounded-md border border-line bg-raised px-3 text-sm font-medium hover:bg-hover disabled:opacity-45";
  if (outputs.length === 0)
    return (
      <button type="button" disabled className={`${dress} max-sm:hidden`} title={project.kind === "film" ? "There is a download once the film is rendered" : "There is a download once the picture is coloured"}>
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
