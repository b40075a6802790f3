/** Lets timers, input and output have their turn. node:timers/promises has it too, but takes half a millisecond to load. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
