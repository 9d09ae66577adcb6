import type { Paging } from "../../ports/alerts.ts";

/**
 * Whether a page is worked on without a word in the chat: as its service says, else as all pages are. A page of no
 * service is as all are.
 */
export async function isInShadow(
  service: string | undefined,
  paging: Pick<Paging, "services" | "shadow">,
): Promise<boolean> {
  const own = (await paging.services()).find(({ name }) => name === service);
  return own?.shadow ?? paging.shadow ?? false;
}

/** Whose pages are worked on in shadow, as one line for who looks after gofire; undefined when nobody's are. */
export async function shadowLine(paging: Pick<Paging, "services" | "shadow">): Promise<string | undefined> {
  const isOn = paging.shadow ?? false;
  const services = await paging.services();
  const differing = services.filter(({ shadow = isOn }) => shadow !== isOn).map(({ name }) => name);
  if (!isOn && differing.length === 0) return undefined;
  const whose = isOn
    ? `all services${differing.length === 0 ? "" : ` but ${differing.join(", ")}`}`
    : differing.join(", ");
  return `In shadow: pages of ${whose} are captured and judged, and nothing of it is posted. /gofire status lists what would have been.`;
}
