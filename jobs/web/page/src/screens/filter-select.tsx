import { useState } from "react";
import { linesOf, request } from "../api/client";
import { keys, queryClient, storeProject, useLooks } from "../api/queries";
import type { Filter, Project } from "../api/types";
import { Select } from "../ui/select";
import { useToasts } from "../ui/toasts";

const GROUPS: [Filter["group"], string][] = [["basic", "Basic"], ["process", "Colour processes"], ["tint", "Tints and tones"]];

/** Colourise, grey, or one of the looks: for the whole film or picture. */
export function FilterSelect({ project, className = "", showLabel = false }: { project: Project; className?: string; showLabel?: boolean }) {
  const { data: looks } = useLooks();
  const { say } = useToasts();
  const [chosen, setChosen] = useState<string | null>(null);
  const choose = async (filter: string): Promise<void> => {
    setChosen(filter);
    try {
      storeProject(await request<Project>("POST", `projects/${project.id}/filter`, { json: { filter } }));
      void queryClient.invalidateQueries({ queryKey: keys.review(project.id) });
    } catch (error) {
      say({ kind: "bad", lines: ["The filter was not changed.", ...linesOf(error)] });
    }
    setChosen(null);
  };
  const now = chosen ?? project.filter;
  const filters = looks?.filters ?? [];
  return (
    <Select label="Filter" showLabel={showLabel} className={className} value={now} disabled={!looks} title={filters.find((filter) => filter.id === now)?.text}
      onChange={(event) => void choose(event.target.value)}>
      {!filters.some((filter) => filter.id === now) && <option value={now}>{now}</option>}
      {GROUPS.map(([group, name]) => {
        const those = filters.filter((filter) => filter.group === group);
        return those.length > 0 && (
          <optgroup key={group} label={name}>
            {those.map((filter) => <option key={filter.id} value={filter.id}>{filter.name}</option>)}
          </optgroup>
        );
      })}
    </Select>
  );
}
