import { AlertTriangle, CheckCircle2, Info, X } from "lucide-react";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { Button, IconButton } from "./button";

export type Toast = { kind: "good" | "note" | "bad"; lines: string[]; action?: { label: string; run: () => void } };

const Context = createContext<{ say: (toast: Toast) => void }>({ say: () => undefined });
export const useToasts = () => useContext(Context);

const ICONS = { good: CheckCircle2, note: Info, bad: AlertTriangle };
const COLOURS = { good: "text-good", note: "text-quiet", bad: "text-bad" };
const SHOWN_MS = { good: 4000, note: 12_000, bad: 20_000 };

/** Short messages in a corner; the ones that ask for something stay longer, and all of them can be closed. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<(Toast & { id: number })[]>([]);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useCallback((toast: Toast) => {
    const id = performance.now() + Math.random();
    const text = toast.lines.join("\n");
    setToasts((all) => [...all.filter((other) => other.lines.join("\n") !== text).slice(-3), { ...toast, id }]);
    setTimeout(() => close(id), SHOWN_MS[toast.kind]);
  }, [close]);
  const value = useMemo(() => ({ say }), [say]);
  return (
    <Context value={value}>
      {children}
      <div role="region" aria-label="Messages" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex flex-col items-end gap-2 sm:left-auto sm:w-96">
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} onClose={() => close(toast.id)} />
        ))}
      </div>
    </Context>
  );
}

function ToastCard({ toast, onClose }: { toast: Toast; onClose: () => void }) {
  const Icon = ICONS[toast.kind];
  return (
    <div className="pointer-events-auto flex w-full items-start gap-3 rounded-lg border border-line bg-raised py-3 pr-2 pl-4 shadow-raised">
      <Icon aria-hidden size={18} className={`mt-0.5 shrink-0 ${COLOURS[toast.kind]}`} />
      <div className="min-w-0 flex-1 text-sm break-words">
        {toast.lines.map((line, index) => <p key={index} dir="auto">{line}</p>)}
        {toast.action && (
          <Button className="mt-2" onClick={() => { toast.action?.run(); onClose(); }}>{toast.action.label}</Button>
        )}
      </div>
      <IconButton icon={X} label="Close the message" className="-mt-1.5" onClick={onClose} />
    </div>
  );
}
