import { useId, useRef, type ReactNode } from "react";

/** A button that opens a small panel under itself; the browser closes it on Escape or a click elsewhere. */
export function Popover({ button, children, label }: { button: (props: { popoverTarget: string; "aria-haspopup": "dialog" }) => ReactNode; children: ReactNode; label: string }) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const place = (): void => {
    const box = anchor.current?.getBoundingClientRect();
    const shown = panel.current;
    if (!box || !shown) return;
    const width = shown.offsetWidth;
    shown.style.left = `${Math.max(8, Math.min(box.right - width, window.innerWidth - width - 8))}px`;
    const below = box.bottom + 6;
    shown.style.top = below + shown.offsetHeight > window.innerHeight ? `${Math.max(8, box.top - shown.offsetHeight - 6)}px` : `${below}px`;
  };
  return (
    <span ref={anchor} className="inline-flex">
      {button({ popoverTarget: id, "aria-haspopup": "dialog" })}
      <div ref={panel} id={id} popover="auto" role="dialog" aria-label={label} onToggle={place}
        className="fixed m-0 w-72 max-w-[calc(100vw-1rem)] rounded-lg border border-line bg-raised p-2 text-ink shadow-raised">
        {children}
      </div>
    </span>
  );
}
