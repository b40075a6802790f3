import { expect, it } from "vitest";
import * as reference from "./index.ts";

it("pairs every forward with a backward", () => {
  const names = Object.keys(reference);
  const forwards = names.filter((name) => name.endsWith("Forward"));
  expect(forwards.length).toBeGreaterThan(20);
  for (const forward of forwards) expect(names).toContain(forward.replace(/Forward$/, "Backward"));
});
