import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { scope } from "@tapegrad/tensor";
import { accepts, type Accepted } from "./accepted.ts";
import { caseText, familyText, type Case, type OpCases } from "./case-list.ts";
import { differences } from "./compare.ts";
import { explained } from "./explained.ts";
import { families } from "./families.ts";
import { Fixture, type Expected } from "./fixture.ts";
import { leavesOf, runCase } from "./run-case.ts";

/** Entries that some case needed. */
const needed = new Set<Accepted>();

/** What is wrong with a case: differences that no entry accepts, and entries that explain what does not differ. */
function verdicts(op: OpCases, entry: Case, expected: Expected): readonly string[] {
  const text = caseText(entry);
  const found = scope(() => differences(op, entry, runCase(op, entry), expected));
  const entries = explained.filter((candidate) => accepts(candidate, op, entry, text));
  const [apt, idle] = [entries.filter(({ part }) => found.some((difference) => difference.part === part)), entries.filter(({ part }) => !found.some((difference) => difference.part === part))];
  apt.forEach((candidate) => needed.add(candidate));
  return [
    ...found.filter(({ part }) => !apt.some((candidate) => candidate.part === part)).map(({ part, text: off }) => `${text}\n    ${part}: ${off}`),
    ...idle.filter((candidate) => candidate.some !== true).map(({ part, reason }) => `${text}\n    does not differ in ${part}, as an entry of explained.ts has it: ${reason}`),
  ];
}

describe.each(families)("$name, as in PyTorch", (family) => {
  const fixture = new Fixture(family.name);
  const hash = createHash("sha256").update(familyText(family)).digest("hex");

  test("the fixture is of these cases", () => {
    expect(hash, `make fixtures anew with: node scripts/pytorch-fixtures.mjs ${family.name}`).toBe(fixture.cases);
  });

  // In order: a fixture is read from its start to its end.
  for (const op of family.ops) {
    const expected = fixture.read(op.name, (i) => leavesOf(op.cases[i] as Case));
    test(`${op.name}: ${op.cases.length} cases`, () => {
      const wrong = op.cases.flatMap((entry, i) => verdicts(op, entry, expected[i] as Expected));
      if (wrong.length > 0) throw new Error(`${op.name} is not as in PyTorch\n${wrong.join("\n")}`);
    });
  }
});

test("every explained difference is still there", () => {
  expect(explained.filter((entry) => !needed.has(entry)).map(({ ops, part, reason }) => `${ops.join(" ")}, ${part}: ${reason}`)).toEqual([]);
});
