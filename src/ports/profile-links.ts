import type { BrowserLink } from "../domain/incidents/incident.ts";

/** Addresses under which people see a stored profile in their browser. */
export interface ProfileLinks {
  /**
   * Whoever has the link can read that one artifact until it expires. `title` is the page's. Undefined while it is not
   * known at which address people reach gofire.
   */
  linkTo(artifactKey: string, title: string): BrowserLink | undefined;
}
