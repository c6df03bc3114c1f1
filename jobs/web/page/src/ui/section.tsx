import type { ReactNode } from "react";

/** A part of a side panel. */
export function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3 border-t border-line px-5 py-5 first:border-t-0">
      <div className="flex min-h-6 items-center justify-between gap-3">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export function Slider({ label, value, min, max, step, text, onChange, onDone }: { label: string; value: number; min: number; max: number; step: number; text: string; onChange: (value: number) => void; onDone?: (value: number) => void }) {
  return (
    <label className="grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-1 text-sm">
      <span>{label}</span>
      <span className="text-quiet">{text}</span>
      <input type="range" className="slider col-span-2" min={min} max={max} step={step} value={value} aria-valuetext={text}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        onPointerUp={(event) => onDone?.(event.currentTarget.valueAsNumber)} onKeyUp={(event) => onDone?.(event.currentTarget.valueAsNumber)} />
    </label>
  );
}
