import { CheckCircle2, Circle, RotateCcw } from "lucide-react";
import type { Decision } from "./shot-order";

const SIGNS = {
  approved: { icon: CheckCircle2, look: "text-good", text: "Approved" },
  redo: { icon: RotateCcw, look: "text-warn", text: "To be done again" },
  open: { icon: Circle, look: "text-quiet", text: "Open" },
};

/** A decision as a shape of its own; its colour only repeats it. */
export function DecisionIcon({ decision, size = 16 }: { decision: Decision; size?: number }) {
  const { icon: Icon, look, text } = SIGNS[decision];
  return <Icon role="img" aria-label={text} size={size} strokeWidth={2} className={`shrink-0 ${look}`} />;
}
