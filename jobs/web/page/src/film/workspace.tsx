import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { fetchTimes, useLooks } from "../api/queries";
import type { Project, Shot } from "../api/types";
import { useAction } from "../keys/use-action";
import { PaletteContext } from "../paint/colour-names";
import { MarkLayer } from "../paint/mark-layer";
import { usePaint } from "../paint/use-paint";
import { shotGiven } from "../review/changes";
import type { Reviewing } from "../review/use-review";
import type { Mode } from "./compose";
import { ListTools } from "./list-tools";
import { Playhead } from "./playhead";
import { DecideButtons } from "./review-panel";
import { Scrubber } from "./scrubber";
import { decision, listed, nextOpen, shotAt, type Decision, type Order, type Show } from "./shot-order";
import { ShotList } from "./shot-list";
import { SidePanel, type Panel } from "./side-panel";
import { FrameTimes } from "./times";
import { Transport } from "./transport";
import { useMedia } from "./use-media";
import { Viewer } from "./viewer";
import { PreviewNote } from "./preview-note";

export function Workspace({ project, shots, reviewing }: { project: Project; shots: Shot[]; reviewing: Reviewing }) {
  const still = project.kind === "still";
  const frames = project.media?.frames ?? shots.at(-1)?.end ?? 1;
  const playhead = useMemo(() => {
    const times = new FrameTimes({ frames, rate: project.media?.rate ?? 24, fetch: async (start, end) => (still ? [0] : (await fetchTimes(project.id, start, end)).seconds) });
    return new Playhead(times, startFrame(project.id));
  }, [project.id, frames]);
  const { frame, playing } = useSyncExternalStore(playhead.subscribe, playhead.seen);
  const shot = shotAt(shots, frame);
  const index = shot?.index ?? 0;

  const [mode, setMode] = useState<Mode>("wipe");
  const [wipe, setWipe] = useState(0.5);
  const [held, setHeld] = useState(false);
  const [loop, setLoop] = useState(true);
  const [muted, setMuted] = useState(false);
  const [panel, setPanel] = useState<Panel>("review");
  const [order, setOrder] = useState<Order>("order");
  const [show, setShow] = useState<Show>("all");
  const { data: looks } = useLooks();
  const paint = usePaint(project, reviewing, index, frame);
  const wide = useMedia("(min-width: 1280px)");
  const phone = useMedia("(max-width: 639px)");
  const painting = panel === "paint" && !playing && !phone;
  const list = useMemo(() => listed(shots, reviewing.review, order, show), [shots, reviewing.review, order, show]);

  const choosePanel = (next: Panel): void => {
    setPanel(next);
    // marks are drawn on one picture in colour
    if (next === "paint" && mode !== "colour") setMode("colour");
    if (next !== "paint" && panel === "paint") setMode("wipe");
    if (next === "paint") playhead.pause();
  };
  const goTo = (next: Shot | undefined): void => {
    if (!next) return;
    playhead.loop = loop ? { start: next.start, end: next.end } : null;
    playhead.goTo(next.start);
  };
  const neighbour = (step: 1 | -1): void => {
    const place = list.findIndex((other) => other.index === index);
    goTo(place < 0 ? list[0] : list[Math.max(0, Math.min(list.length - 1, place + step))]);
  };
  const decide = (next: Decision): void => {
    if (decision(shotGiven(reviewing.review, index)) === next) return;
    const label = { approved: "Approve", redo: "Redo", open: "Take back" }[next];
    reviewing.change(
      [{ shot: index, field: "approved", value: next === "approved" ? true : null }, { shot: index, field: "redo", value: next === "redo" ? true : null }],
      still ? label : `${label} shot ${index + 1}`,
    );
    if (next === "approved") goTo(nextOpen(list, reviewing.review, index));
  };

  useEffect(() => {
    playhead.loop = loop && shot && !still ? { start: shot.start, end: shot.end } : null;
  }, [playhead, loop, shot, still, playing]);
  useEffect(() => remember(project.id, frame), [project.id, playing ? -1 : frame]);

  useAction("shot.next", () => neighbour(1), { when: !still });
  useAction("shot.previous", () => neighbour(-1), { when: !still });
  useAction("shot.start", () => shot && playhead.step(shot.start - frame), { when: !still });
  useAction("shot.end", () => shot && playhead.step(shot.end - 1 - frame), { when: !still });
  useAction("order", () => setOrder(order === "order" ? "worst" : "order"), { when: !still });
  useAction("approve", () => decide("approved"));
  useAction("redo", () => decide("redo"));
  useAction("clear", () => decide("open"));

  const shotList = !still && <ShotList shots={list} review={reviewing.review} current={index} onChoose={goTo} across={!wide} />;
  const listTools = !still && <ListTools shots={shots} review={reviewing.review} order={order} onOrder={setOrder} show={show} onShow={setShow} shown={list.length} />;
  return (
    <PaletteContext value={reviewing.review?.film.colours ?? {}}>
      <main id="main" className="flex min-h-0 flex-1 max-md:flex-col max-md:overflow-y-auto">
        {wide && !still && <aside aria-label="Shots of the film" className="flex w-72 shrink-0 flex-col border-r border-line bg-surface">{listTools}{shotList}</aside>}
        <div className="flex min-w-0 flex-1 flex-col max-md:flex-none">
          <div className="flex min-h-0 flex-1 flex-col max-md:h-[46dvh] max-md:flex-none">
            <Viewer project={project} reviewing={reviewing.project} review={reviewing.review} playhead={playhead} shot={shot}
              mode={held ? "original" : mode} wipe={wipe} onWipe={setWipe} muted={muted}
              {...(painting ? { overlay: (box, colour) => <MarkLayer project={project} paint={paint} box={box} frame={frame} colour={colour} /> } : {})} />
          </div>
          <div className="shrink-0 bg-surface pt-3">
            {!still && <Scrubber playhead={playhead} shots={shots} current={shot} review={reviewing.review} />}
            <Transport playhead={still ? null : playhead} mode={mode} onMode={setMode} onOriginal={setHeld} loop={loop} onLoop={setLoop}
              muted={muted} onMuted={project.media?.sound ? setMuted : null} onShot={neighbour} wipe={wipe} onWipe={setWipe} note={<PreviewNote project={project} shots={shots} />} />
            {!wide && !still && <div className="border-t border-line">{listTools}{shotList}</div>}
          </div>
        </div>
        {phone ? shot && <PhonePanel><DecideButtons wide given={shotGiven(reviewing.review, index)} onDecide={decide} /></PhonePanel> : null}
        {shot && <SidePanel panel={panel} onPanel={choosePanel} project={project} shot={shot} frame={frame} reviewing={reviewing} looks={looks} paint={paint} phone={phone}
          onFrame={(next) => playhead.goTo(next)} onDecide={decide} />}
      </main>
    </PaletteContext>
  );
}

const PhonePanel = ({ children }: { children: React.ReactNode }) => (
  <div className="sticky bottom-0 z-10 order-last border-t border-line bg-surface px-4 pt-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">{children}</div>
);

/** Where this browser left the film; a link may name a frame. */
function startFrame(id: string): number {
  const linked = Number(new URLSearchParams(location.search).get("frame"));
  if (Number.isInteger(linked) && linked > 0) return linked;
  return Number(sessionStorage.getItem(`kinochrome.frame.${id}`) ?? 0) || 0;
}

const remember = (id: string, frame: number): void => sessionStorage.setItem(`kinochrome.frame.${id}`, String(frame));
