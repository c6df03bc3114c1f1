import type { Review, Shot } from "../api/types";
import { hint } from "../keys/bindings";
import { Select } from "../ui/select";
import { tally, type Order, type Show } from "./shot-order";

type Props = { shots: Shot[]; review: Review | undefined; order: Order; onOrder: (order: Order) => void; show: Show; onShow: (show: Show) => void; shown: number };

/** How the list is ordered and what of it is shown, with how far the review is. */
export function ListTools({ shots, review, order, onOrder, show, onShow, shown }: Props) {
  const counts = tally(shots, review);
  return (
    <div className="flex flex-wrap items-center gap-2 px-3 py-3">
      <p className="grow text-sm whitespace-nowrap text-quiet max-sm:w-full xl:w-full"><span className="font-medium text-ink">{counts.approved} of {shots.length}</span> approved{counts.redo > 0 && `, ${counts.redo} to redo`}{show !== "all" && ` · ${shown} shown`}</p>
      <Select label="Order of the shots" title={hint("order")} className="w-32 max-sm:flex-1 xl:flex-1" value={order} onChange={(event) => onOrder(event.target.value === "worst" ? "worst" : "order")}>
        <option value="order">In order</option>
        <option value="worst">Worst first</option>
      </Select>
      <Select label="Shots to show" className="w-32 max-sm:flex-1 xl:flex-1" value={show} onChange={(event) => onShow(event.target.value as Show)}>
        <option value="all">All</option>
        <option value="open">Open</option>
        <option value="approved">Approved</option>
        <option value="redo">To redo</option>
        <option value="commented">Commented</option>
        <option value="changed">Changed</option>
      </Select>
    </div>
  );
}
