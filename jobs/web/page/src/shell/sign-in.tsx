import { useState } from "react";
import { linesOf, request } from "../api/client";
import { keys, queryClient } from "../api/queries";
import type { Session } from "../api/types";
import { Button } from "../ui/button";
import { Lines } from "../ui/states";
import { Mark } from "./app-bar";

export function SignIn() {
  const [token, setToken] = useState("");
  const [lines, setLines] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const enter = async (): Promise<void> => {
    setBusy(true);
    try {
      queryClient.setQueryData(keys.session, await request<Session>("POST", "session", { json: { token: token.trim() } }));
      await queryClient.invalidateQueries();
    } catch (error) {
      setLines(linesOf(error));
    }
    setBusy(false);
  };
  return (
    <main id="main" className="grid h-full place-items-center p-6">
      <form className="flex w-full max-w-sm flex-col gap-4" onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <Mark size={36} />
        <h1 className="text-xl font-semibold">Enter the token</h1>
        <p className="text-quiet">It is in the file that the server was started with. Ask whoever started it.</p>
        <label className="flex flex-col gap-1.5 text-sm font-medium">
          Token
          <input value={token} onChange={(event) => setToken(event.target.value)} type="password" autoComplete="current-password" autoFocus required
            aria-invalid={lines.length > 0} className="h-11 rounded-md border border-edge bg-raised px-3 text-base" />
        </label>
        <div role="alert">{lines.length > 0 && <Lines lines={lines} className="text-bad" />}</div>
        <Button look="primary" large type="submit" disabled={busy || !token.trim()}>Go on</Button>
      </form>
    </main>
  );
}
