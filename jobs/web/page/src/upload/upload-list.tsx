import { FileWarning, RotateCcw, X } from "lucide-react";
import { IconButton } from "../ui/button";
import { bytes } from "../ui/format";
import { Lines, ProgressBar } from "../ui/states";
import { useUploads, type Sending } from "./uploads";

const STATES: Record<Sending["state"], string> = {
  sending: "Sending",
  waiting: "The server does not answer; this goes on when it is back",
  reading: "Looking into the file",
  failed: "Not taken",
};

export function UploadList() {
  const { all, again, drop } = useUploads();
  if (all.length === 0) return null;
  return (
    <ul aria-label="Files on their way" className="flex flex-col gap-2">
      {all.map((sending) => (
        <li key={sending.id} className="rounded-lg border border-line bg-surface px-4 py-3">
          <div className="flex items-center gap-3">
            {sending.state === "failed" && <FileWarning aria-hidden size={18} className="shrink-0 text-bad" />}
            <p dir="auto" className="min-w-0 flex-1 truncate font-medium">{sending.file.name}</p>
            <p className="shrink-0 text-sm text-quiet">{sending.state === "failed" ? "" : `${bytes(sending.sent)} of ${bytes(sending.file.size)}`}</p>
            {sending.state === "failed" && <IconButton icon={RotateCcw} label={`Send ${sending.file.name} again`} onClick={() => again(sending)} />}
            <IconButton icon={X} label={sending.state === "failed" ? "Close" : `Stop sending ${sending.file.name}`}
              onClick={() => (sending.state === "failed" ? drop(sending.id) : sending.stop())} />
          </div>
          {sending.state !== "failed" && <ProgressBar label={`Sending ${sending.file.name}`} percent={sending.state === "reading" ? null : (100 * sending.sent) / Math.max(1, sending.file.size)} />}
          <p className={`mt-1.5 text-sm ${sending.state === "failed" ? "text-bad" : "text-quiet"}`}>{STATES[sending.state]}</p>
          <Lines lines={sending.lines} className="mt-1" />
        </li>
      ))}
    </ul>
  );
}
