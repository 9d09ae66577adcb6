/** Who knows where the processes of a service are: each is loaded when gofire.yaml names it, and not before. */
import { UsageError } from "./domain/errors.ts";
import { askedOf } from "./domain/target-place.ts";
import type { TargetSources } from "./ports/target-source.ts";

export function targetSources(_settings: { readonly userAgent: string }): TargetSources {
  return {
    async open(place) {
      switch (place.kind) {
        case "dns":
        case "dns-srv":
          return (await import("./integrations/dns/target-source.ts")).dnsTargets(place);
        default:
          throw new UsageError(`${askedOf(place)} cannot be asked for processes yet.`);
      }
    },
  };
}
