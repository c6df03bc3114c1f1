import { Check, RotateCcw, Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import type { Given, Json, Looks, Shot } from "../api/types";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import { Button } from "../ui/button";
import { length } from "../ui/format";
import { Section, Slider } from "../ui/section";
import { Select } from "../ui/select";
import { CommentField } from "./comment-field";
import { DecisionIcon } from "./decision-icon";
import { decision, type Decision } from "./shot-order";

type Props = { shot: Shot; still: boolean; reviewing: Reviewing; looks: Looks | undefined; decide: boolean; onDecide: (decision: Decision) => void };

export function ReviewPanel({ shot, still, reviewing, looks, decide, onDecide }: Props) {
  const given = shotGiven(reviewing.review, shot.index);
  return (
    <>
      <Section title={still ? "This picture" : `Shot ${shot.index + 1}`} aside={!still && <span className="text-sm text-quiet">{shot.timecode} · {length(shot.seconds)}</span>}>
        {decide && <DecideButtons given={given} onDecide={onDecide} />}
        <CommentField key={shot.index} id={String(shot.index)} value={given.comment ?? ""} onSave={(text) => reviewing.change([{ shot: shot.index, field: "comment", value: text === "" ? null : text }], null)} />
      </Section>
      {!still && <Section title="What the program saw"><Facts shot={shot} /></Section>}
      <Adjust shot={shot} still={still} given={given} reviewing={reviewing} looks={looks} />
    </>
  );
}

export function DecideButtons({ given, onDecide, wide = false }: { given: Given; onDecide: (decision: Decision) => void; wide?: boolean }) {
  const now = decision(given);
  const on = "ring-2 ring-accent";
  return (
    <div className="flex flex-col gap-2">
      <div className="grid grid-cols-2 gap-2">
        <Button look={now === "approved" ? "plain" : "primary"} large={wide} icon={Check} action="approve" aria-pressed={now === "approved"} className={now === "approved" ? on : ""} onClick={() => onDecide("approved")}>{now === "approved" ? "Approved" : "Approve"}</Button>
        <Button large={wide} icon={RotateCcw} action="redo" aria-pressed={now === "redo"} className={now === "redo" ? on : ""} onClick={() => onDecide("redo")}>{now === "redo" ? "To be redone" : "Redo"}</Button>
      </div>
      <p className="flex min-h-9 items-center gap-2 text-sm text-quiet">
        <DecisionIcon decision={now} />
        {now === "open" ? "Nobody has decided yet." : now === "approved" ? "Approved." : "Sent back to be done again."}
        {now !== "open" && <Button look="quiet" icon={Undo2} action="clear" className="ml-auto" onClick={() => onDecide("open")}>Take back</Button>}
      </p>
    </div>
  );
}

function Facts({ shot }: { shot: Shot }) {
  const attention = shot.attention === null ? "Not coloured yet" : shot.attention < 0.3 ? "Looks steady" : shot.attention < 0.6 ? "Worth a glance" : "Worth a look: colours are unsteady or strong";
  const rows: [string, string][] = [
    ["Verdict", attention],
    ["Picture", { grey: "Grey", tinted: "Tinted", colour: "In colour already", card: "Title card", "tinted card": "Tinted title card" }[shot.kind] ?? shot.kind],
    ["Treatment", { predicted: "Coloured", grey: "Stays grey", original: "Keeps its own colour" }[shot.treatment] ?? shot.treatment],
  ];
  if (shot.colourfulness !== null) rows.push(["Colourfulness", shot.colourfulness.toFixed(0)]);
  if (shot.flicker !== null) rows.push(["Flicker", shot.flicker.toFixed(1)]);
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">
      {rows.map(([name, value]) => <div key={name} className="contents"><dt className="text-quiet">{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function Adjust({ shot, still, given, reviewing, looks }: { shot: Shot; still: boolean; given: Given; reviewing: Reviewing; looks: Looks | undefined }) {
  const set = (field: "saturation" | "hue_degrees" | "look" | "keep_original" | "skip", value: Json, label: string): void =>
    reviewing.change([{ shot: shot.index, field, value }], label);
  const treatment = given.keep_original ? "keep" : given.skip ? "skip" : "colour";
  return (
    <Section title={still ? "Adjust" : "Adjust this shot"}>
      <Tuned label="Saturation" value={given.saturation ?? 1} min={0} max={2} step={0.05} show={(value) => `${Math.round(value * 100)} %`} onDone={(value) => set("saturation", value === 1 ? null : value, "Saturation")} />
      {!still && <Tuned label="Hue" value={given.hue_degrees ?? 0} min={-180} max={180} step={1} show={(value) => `${Math.round(value)}°`} onDone={(value) => set("hue_degrees", value === 0 ? null : value, "Hue")} />}
      <Select label="Look" showLabel className="justify-between" value={given.look ?? ""} onChange={(event) => set("look", event.target.value || null, "Look")}>
        <option value="">{still ? "None" : "As the film"}</option>
        {looks?.filters.filter((filter) => filter.group !== "basic").map((filter) => <option key={filter.id} value={filter.id}>{filter.name}</option>)}
      </Select>
      {!still && <Select label="Treatment" showLabel className="justify-between" value={treatment} onChange={(event) => {
        const next = event.target.value;
        reviewing.change([{ shot: shot.index, field: "skip", value: next === "skip" ? true : null }, { shot: shot.index, field: "keep_original", value: next === "keep" ? true : null }], "Treatment");
      }}>
        <option value="colour">Colour it</option>
        <option value="skip">Leave it grey</option>
        <option value="keep">Keep its own colour</option>
      </Select>}
    </Section>
  );
}

/** A slider that changes the review once it is let go. */
function Tuned({ value, show, onDone, ...rest }: { label: string; value: number; min: number; max: number; step: number; show: (value: number) => string; onDone: (value: number) => void }) {
  const [moved, setMoved] = useState<number | null>(null);
  useEffect(() => setMoved(null), [value]);
  return <Slider {...rest} value={moved ?? value} text={show(moved ?? value)} onChange={setMoved} onDone={(next) => next !== value && onDone(next)} />;
}
