import { Trash2 } from "lucide-react";
import type { Looks } from "../api/types";
import { hint } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import type { Reviewing } from "../review/use-review";
import { Button, IconButton } from "../ui/button";
import { Lines } from "../ui/states";
import { Section, Slider } from "../ui/section";
import { ColourField, Swatch } from "./colour-field";
import { Palette } from "./palette";
import { grown, LEAST_RADIUS, markName, MOST_RADIUS, TOOLS, type Tool } from "./tools";
import type { Paint } from "./use-paint";
import { Words } from "./words";

type Props = { paint: Paint; reviewing: Reviewing; shot: number; frame: number; looks: Looks | undefined; onFrame: (frame: number) => void };

export function PaintPanel({ paint, reviewing, shot, frame, looks, onFrame }: Props) {
  useAction("brush.smaller", () => paint.setRadius(grown(paint.radius, 1 / 1.25)));
  useAction("brush.larger", () => paint.setRadius(grown(paint.radius, 1.25)));
  useAction("delete", () => paint.chosen && paint.remove(paint.chosen), { when: paint.chosen !== null });
  const tool = TOOLS.find((other) => other.tool === paint.tool);
  const brush = ["stroke", "neutral", "erase"].includes(paint.tool);
  return (
    <>
      <Section title="Tool">
        <div role="radiogroup" aria-label="Tool" className="grid grid-cols-3 gap-1.5">
          {TOOLS.map((each) => <ToolButton key={each.tool} {...each} on={each.tool === paint.tool} choose={() => paint.setTool(each.tool)} />)}
        </div>
        <p className="text-sm text-quiet">{tool?.text}</p>
        {brush && (
          <Slider label="Brush" value={Math.log(paint.radius)} min={Math.log(LEAST_RADIUS)} max={Math.log(MOST_RADIUS)} step={0.05} text={`${(paint.radius * 200).toFixed(1)} % of the height`}
            onChange={(value) => paint.setRadius(grown(Math.exp(value), 1))} />
        )}
      </Section>
      <Section title={paint.chosen ? "Colour of the chosen mark" : "Colour"}>
        <ColourField label="Colour" value={paint.colour} onChange={paint.recolour} />
        {paint.asked && <Likely paint={paint} />}
        <p className="text-xs text-quiet">How light a thing is comes from the film; a colour gives its hue and strength.</p>
      </Section>
      <Palette paint={paint} reviewing={reviewing} />
      <Section title={paint.all.length > 0 ? `Marks of this shot (${paint.all.length})` : "Marks of this shot"}
        aside={paint.all.length > 1 && <Button look="quiet" className="-mr-3" onClick={paint.clear}>Delete all</Button>}>
        {paint.all.length === 0 ? <p className="text-sm text-quiet">None yet. Draw on the picture; a mark goes along with its thing through the shot.</p> : (
          <ul className="-mx-2 flex flex-col">
            {paint.all.map(([id, mark]) => (
              <li key={id} className={`flex items-center gap-1 rounded-md pr-1 ${id === paint.chosen ? "bg-accent-soft" : "hover:bg-hover"}`}>
                <button type="button" aria-pressed={id === paint.chosen} className="flex min-w-0 flex-1 items-center gap-2.5 rounded-md px-2 py-2 text-left text-sm"
                  onClick={() => { paint.setChosen(id === paint.chosen ? null : id); if (mark.frame !== frame) onFrame(mark.frame); }}>
                  <Swatch colour={mark.colour} size={16} />
                  <bdi className="min-w-0 flex-1 truncate">{markName(mark)}</bdi>
                  <span className="shrink-0 text-xs text-quiet">{mark.frame === frame ? "this frame" : `frame ${mark.frame}`}</span>
                </button>
                <IconButton icon={Trash2} label={`Delete ${markName(mark).toLowerCase()}`} className="h-7 w-7" onClick={() => paint.remove(id)} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Words reviewing={reviewing} shot={shot} nouns={looks?.nouns ?? []} />
    </>
  );
}

function ToolButton({ tool, icon: Icon, name, action, on, choose }: (typeof TOOLS)[number] & { on: boolean; choose: (tool: Tool) => void }) {
  useAction(action, () => choose(tool));
  return (
    <button type="button" role="radio" aria-checked={on} title={hint(action, name)} onClick={() => choose(tool)}
      className={`flex flex-col items-center gap-1 rounded-md py-2 text-xs font-medium ${on ? "bg-accent-soft text-ink ring-1 ring-accent" : "text-quiet hover:bg-hover hover:text-ink"}`}>
      <Icon aria-hidden size={18} strokeWidth={1.75} />{name}
    </button>
  );
}

function Likely({ paint }: { paint: Paint }) {
  const { asked } = paint;
  if (!asked) return null;
  return (
    <div className="flex flex-col gap-2 rounded-lg bg-hover/60 p-3" role="group" aria-label="Colours at the place that was asked about">
      {asked.picked && <p className="flex items-center gap-2 text-sm"><Swatch colour={asked.picked} size={16} />Now {asked.picked}</p>}
      <p className="text-xs text-quiet">{asked.likely ? "Likely here, by the network" : asked.lines.length === 0 ? "Asking for likely colours…" : "No likely colours"}</p>
      <Lines lines={asked.lines} />
      {asked.likely && (
        <ul className="grid grid-cols-4 gap-1.5">
          {asked.likely.colours.map(({ hex, share }) => (
            <li key={hex}>
              <button type="button" aria-label={`${hex}, ${Math.round(share * 100)} %`} title={`${hex}, ${Math.round(share * 100)} %`} onClick={() => paint.recolour(hex)}
                className={`flex w-full flex-col items-center gap-1 rounded-md p-1 hover:bg-raised ${paint.colour === hex ? "ring-1 ring-accent" : ""}`}>
                <Swatch colour={hex} size={28} /><span className="text-xs text-quiet">{Math.round(share * 100)} %</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
