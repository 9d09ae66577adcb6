/** As people count: order-2 before order-10. */
const collator = new Intl.Collator("en", { numeric: true });

/** Sorts processes: those that whoever lists them takes for sick come last, then by name. */
export function byReadinessAndName(
  a: { readonly name: string; readonly isReady?: false },
  b: { readonly name: string; readonly isReady?: false },
): number {
  return Number(a.isReady === false) - Number(b.isReady === false) || collator.compare(a.name, b.name);
}
