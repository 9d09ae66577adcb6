import type { Services } from "../ports/services.ts";

/** All processes of a service that gofire knows, in the configuration's order; none of a service that there is not. */
export async function instancesOf(
  service: string,
  services: Pick<Services, "list">,
): Promise<readonly string[]> {
  return (await services.list()).find(({ name }) => name === service)?.instances ?? [];
}
