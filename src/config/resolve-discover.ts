import type { TargetPlace } from "../domain/target-place.ts";
import type { DiscoverSection } from "./discover-schema.ts";

/** The schema has seen to it that one place is there, whole. */
export function placeOf({ dns = {} }: DiscoverSection): TargetPlace {
  const { name, port = 0, srv = "", scheme = "http" } = dns;
  return name === undefined ? { kind: "dns-srv", name: srv, scheme } : { kind: "dns", name, port, scheme };
}
