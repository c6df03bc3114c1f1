import { expect, it } from "vitest";
import { ago, bytes, count, duration, length } from "../../src/ui/format";

it("writes sizes, lengths and counts as people say them", () => {
  expect([0, 999, 1000, 12_345_678, 64e9, 2e12].map(bytes)).toEqual(["0 bytes", "999 bytes", "1.0 kB", "12.3 MB", "64.0 GB", "2.0 TB"]);
  expect([0.4, 59, 60, 250, 10_920].map(duration)).toEqual(["0 s", "59 s", "1 min", "4 min 10 s", "3 h 02 min"]);
  expect(length(3.25)).toBe("3.3 s");
  expect([count(1, "shot", "shots"), count(1500, "shot", "shots")]).toEqual(["1 shot", "1,500 shots"]);
  const now = Date.parse("2026-12-01T12:00:00Z");
  expect(ago("2026-12-01T11:59:30Z", now)).toBe("just now");
  expect(ago("2026-12-01T11:20:00Z", now)).toBe("40 minutes ago");
});
