import { useState } from "react";
import { Link } from "wouter";
import { BINDINGS, GROUPS, type Action, type Group } from "../keys/bindings";
import { isActive, useAction } from "../keys/use-action";
import { Keys } from "../ui/button";
import { Dialog } from "../ui/dialog";

let show: () => void = () => undefined;
export const showKeys = (): void => show();

/** The dialog behind `?`: the keys that work on this screen. */
export function KeyDialog() {
  const [open, setOpen] = useState(false);
  show = () => setOpen(true);
  useAction("keys", () => setOpen(true));
  if (!open) return null;
  return (
    <Dialog title="Keys" wide onClose={() => setOpen(false)}>
      <KeyTable active={isActive} />
      <p className="text-sm text-quiet">These work on this screen. <Link href="/help#keys" className="text-ink underline underline-offset-4">All keys</Link></p>
    </Dialog>
  );
}

export function KeyTable({ active }: { active?: (action: Action) => boolean }) {
  return (
    <div className="gap-x-10 md:columns-2">
      {GROUPS.filter((group) => actionsOf(group, active).length > 0).map((group) => (
        <div key={group} className="mb-8 break-inside-avoid">
          <h3 className="mb-2 font-semibold">{group}</h3>
          <dl>
            {actionsOf(group, active).map((action) => (
              <div key={action} className="flex items-baseline justify-between gap-4 border-b border-line py-1.5 text-sm">
                <dt>{BINDINGS[action].label}</dt>
                <dd className="flex shrink-0 gap-2">
                  {BINDINGS[action].keys.map((keys) => <Keys key={keys} keys={keys} />)}
                </dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </div>
  );
}

const actionsOf = (group: Group, active: (action: Action) => boolean = () => true): Action[] =>
  (Object.keys(BINDINGS) as Action[]).filter((action) => BINDINGS[action].group === group && active(action));
