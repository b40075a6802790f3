/** Gives a view whose base was changed in place its new place on the tape. The tape installs it; typed without Tensor, which imports this file. */
let bringUpToDate: (view: object) => void = () => undefined;

export function setBringUpToDate(installed: typeof bringUpToDate): void {
  bringUpToDate = installed;
}

export function bringViewUpToDate(view: object): void {
  bringUpToDate(view);
}
