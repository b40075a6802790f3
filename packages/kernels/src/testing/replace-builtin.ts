import { vi } from "vitest";

const original = process.getBuiltinModule;

/** Gives the library members of one of Node's modules that a test has made, as long as its mocks last. */
export function replaceBuiltin(name: string, members: Readonly<Record<string, unknown>>): void {
  const spy = vi.spyOn(process, "getBuiltinModule");
  const before = spy.getMockImplementation() ?? original;
  spy.mockImplementation(((id: string) => (id === name ? { ...before(id), ...members } : before(id))));
}
