const KEY = "kinochrome.client";

/** The id of this tab: it stays over a reload, and another tab has another one. */
export const clientId: string = (() => {
  try {
    const known = sessionStorage.getItem(KEY);
    if (known) return known;
    const made = randomId("c");
    sessionStorage.setItem(KEY, made);
    return made;
  } catch {
    return randomId("c");
  }
})();

/** `crypto.randomUUID` is missing on pages that are not https, other than those of this machine. */
export function randomId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `${prefix}${Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("")}`;
}
