import { useVirtualizer } from "@tanstack/react-virtual";
import { Film, MessageSquare, Paintbrush, TriangleAlert } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Review, Shot } from "../api/types";
import { length } from "../ui/format";
import { Picture } from "../ui/picture";
import { Empty } from "../ui/states";
import { DecisionIcon } from "./decision-icon";
import { decision } from "./shot-order";

type Props = { shots: Shot[]; review: Review | undefined; current: number; onChoose: (shot: Shot) => void; across: boolean };

const ROW_PX = 92;
const CARD_PX = 212;
const WORTH_A_LOOK = 0.6;

/** The shots, of which only those in sight are drawn: down the side, or across under the picture. */
export function ShotList({ shots, review, current, onChoose, across }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: shots.length,
    horizontal: across,
    getScrollElement: () => scroller.current,
    estimateSize: () => (across ? CARD_PX : ROW_PX),
    overscan: 4,
    getItemKey: (index) => shots[index]?.index ?? index,
  });
  const place = shots.findIndex((shot) => shot.index === current);
  useEffect(() => {
    if (place >= 0) list.scrollToIndex(place, { align: "auto" });
  }, [place, across]);
  if (shots.length === 0) return <Empty icon={Film} title="No such shots">Show all shots to see the others.</Empty>;
  return (
    <div ref={scroller} className={across ? "overflow-x-auto overflow-y-hidden px-3 pb-2" : "min-h-0 flex-1 overflow-y-auto px-1.5"}>
      <ol aria-label="Shots" className="relative" style={across ? { width: list.getTotalSize(), height: 92 } : { height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const shot = shots[item.index];
          if (!shot) return null;
          return (
            <li key={item.key} aria-setsize={shots.length} aria-posinset={item.index + 1} className="absolute top-0 left-0"
              style={across ? { transform: `translateX(${item.start}px)`, width: item.size, height: "100%" } : { transform: `translateY(${item.start}px)`, height: item.size, width: "100%" }}>
              <Row shot={shot} review={review} here={shot.index === current} onChoose={onChoose} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Row({ shot, review, here, onChoose }: { shot: Shot; review: Review | undefined; here: boolean; onChoose: (shot: Shot) => void }) {
  const given = review?.shots[String(shot.index)] ?? {};
  const marks = Object.keys(given.marks ?? {}).length;
  return (
    <button type="button" aria-current={here ? "true" : undefined} onClick={() => onChoose(shot)}
      className={`flex h-full w-full flex-col justify-center gap-1.5 rounded-lg px-2.5 text-left ${here ? "bg-accent-soft ring-1 ring-accent ring-inset" : "hover:bg-hover"}`}>
      <span className="block h-[3.1rem] w-full overflow-hidden rounded bg-well">
        <Picture src={shot.strip.colour ?? shot.strip.grey} alt="" className="h-full w-full object-cover" />
      </span>
      <span className="flex w-full items-center gap-2 text-sm">
        <DecisionIcon decision={decision(given)} />
        <span className="font-medium">{shot.index + 1}</span>
        <span className="truncate text-quiet">{length(shot.seconds)}</span>
        <span className="ml-auto flex items-center gap-1.5 text-quiet">
          {(shot.attention ?? 0) >= WORTH_A_LOOK && <TriangleAlert role="img" aria-label="Worth a look" size={14} className="text-warn" />}
          {marks > 0 && <Paintbrush role="img" aria-label="Has marks" size={14} />}
          {given.comment && <MessageSquare role="img" aria-label="Has a comment" size={14} />}
        </span>
      </span>
    </button>
  );
}
