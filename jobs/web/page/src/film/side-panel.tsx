import { useRef } from "react";
import type { Looks, Project, Shot } from "../api/types";
import { hint, type Action } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import { PaintPanel } from "../paint/paint-panel";
import type { Paint } from "../paint/use-paint";
import type { Reviewing } from "../review/use-review";
import { FilterSelect } from "../screens/filter-select";
import { ReferencesPanel } from "./references-panel";
import { ReviewPanel } from "./review-panel";
import type { Decision } from "./shot-order";
import { TakesPanel } from "./takes-panel";

export type Panel = "review" | "paint" | "references" | "takes";

const PANELS: { panel: Panel; name: string; action: Action }[] = [
  { panel: "review", name: "Review", action: "panel.review" },
  { panel: "paint", name: "Paint", action: "panel.paint" },
  { panel: "references", name: "References", action: "panel.references" },
  { panel: "takes", name: "Takes", action: "panel.takes" },
];

type Props = {
  panel: Panel;
  onPanel: (panel: Panel) => void;
  project: Project;
  shot: Shot;
  frame: number;
  reviewing: Reviewing;
  looks: Looks | undefined;
  paint: Paint;
  phone: boolean;
  onFrame: (frame: number) => void;
  onDecide: (decision: Decision) => void;
};

export function SidePanel({ panel, onPanel, project, shot, frame, reviewing, looks, paint, phone, onFrame, onDecide }: Props) {
  const still = project.kind === "still";
  const tabs = useRef<HTMLDivElement>(null);
  // painting needs a pointer and room; on a phone one looks and decides
  const offered = phone ? PANELS.filter((each) => each.panel !== "paint") : PANELS;
  const move = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = offered.findIndex((each) => each.panel === panel);
    const next = offered[(place + step + offered.length) % offered.length];
    if (!next) return;
    onPanel(next.panel);
    tabs.current?.querySelector<HTMLElement>(`#tab-${next.panel}`)?.focus();
  };
  return (
    <aside aria-label="Tools" className="flex w-80 shrink-0 flex-col border-l border-line bg-surface max-md:w-full max-md:border-l-0">
      <div ref={tabs} role="tablist" aria-label="Tools" data-own-keys className="flex shrink-0 gap-0.5 border-b border-line p-2" onKeyDown={move}>
        {offered.map((each) => <PanelTab key={each.panel} {...each} on={each.panel === panel} choose={() => onPanel(each.panel)} />)}
      </div>
      <div role="tabpanel" id={`panel-${panel}`} aria-labelledby={`tab-${panel}`} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]">
        {panel === "review" && <ReviewPanel shot={shot} still={still} reviewing={reviewing} looks={looks} decide={!phone} onDecide={onDecide} />}
        {panel === "paint" && <PaintPanel paint={paint} reviewing={reviewing} shot={shot.index} frame={frame} looks={looks} onFrame={onFrame} />}
        {panel === "references" && <ReferencesPanel project={project.id} reviewing={reviewing} shot={shot.index} frame={frame} still={still} />}
        {panel === "takes" && <TakesPanel key={shot.index} project={project.id} reviewing={reviewing} shot={shot.index} revision={project.preview?.revision ?? 0} />}
      </div>
      <div className="shrink-0 border-t border-line p-3">
        <FilterSelect project={project} showLabel className="w-full justify-between" />
      </div>
    </aside>
  );
}

function PanelTab({ panel, name, action, on, choose }: (typeof PANELS)[number] & { on: boolean; choose: () => void }) {
  useAction(action, choose);
  return (
    <button type="button" role="tab" id={`tab-${panel}`} aria-selected={on} aria-controls={on ? `panel-${panel}` : undefined} tabIndex={on ? 0 : -1} title={hint(action, name)} onClick={choose}
      className={`flex h-9 flex-auto items-center justify-center rounded-md px-2 text-sm font-medium ${on ? "bg-hover text-ink" : "text-quiet hover:text-ink"}`}>
      {name}
    </button>
  );
}
