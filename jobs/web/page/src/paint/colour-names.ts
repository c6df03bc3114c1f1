import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { request } from "../api/client";

export type NamedColour = { name: string; hex: string };

/** The film's own palette: its names come before those of CSS and of the xkcd survey. */
export const PaletteContext = createContext<Record<string, string>>({});

/** How a colour of a mark looks on the screen; null for `neutral`, for the eraser's none, and until the name is known. */
export function useColourHex(colour: string): string | null {
  const palette = useContext(PaletteContext);
  const meant = palette[colour] ?? colour;
  const isHex = /^#[0-9a-f]{6}$/i.test(meant);
  const ask = !isHex && meant !== "" && meant !== "neutral";
  const { data } = useQuery({
    queryKey: ["colour", meant],
    enabled: ask,
    staleTime: Infinity,
    retry: false,
    queryFn: ({ signal }) => request<NamedColour>("GET", `colours?name=${encodeURIComponent(meant)}`, { signal }),
  });
  return isHex ? meant : (data?.hex ?? null);
}

export const useColourSearch = (text: string) =>
  useQuery({
    queryKey: ["colours", text],
    enabled: text.trim().length > 1 && !text.startsWith("#"),
    staleTime: Infinity,
    queryFn: async ({ signal }) => (await request<{ colours: NamedColour[] }>("GET", `colours?q=${encodeURIComponent(text.trim())}`, { signal })).colours,
  });
