/** Something to wait for until somebody opens it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const opening = new AbortController();
  const opened = new Promise<void>((resolve) => opening.signal.addEventListener("abort", () => resolve()));
  return { opened, open: () => opening.abort() };
}
