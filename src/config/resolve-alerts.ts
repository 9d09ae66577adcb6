import type { LabelMatch, LabelMatches } from "../domain/alert-routing.ts";
import { defaultStormLimits, type StormLimits } from "../domain/storm.ts";
import type { AlertsConfig } from "./alerts-config.ts";
import type { AlertsSection } from "./alerts-schema.ts";
import { defined, secret } from "./resolve-words.ts";

export function alertsOf(
  {
    channel,
    routes = [],
    messages,
    bearerEnv,
    bearerFile,
    grafana,
    comparePeers = true,
    shadow = false,
    storm,
  }: AlertsSection,
  folder: string,
): AlertsConfig {
  return {
    channel,
    routes: routes.map((route) => ({ match: labelsOf(route.match), channel: route.channel })),
    comparesPeers: comparePeers,
    shadow,
    storm: stormOf(storm),
    ...(messages === undefined ? {} : { messages }),
    ...(bearerEnv === undefined && bearerFile === undefined
      ? {}
      : { bearer: secret(bearerEnv, bearerFile, folder) }),
    ...(grafana === undefined
      ? {}
      : {
          grafana: {
            secret: secret(grafana.secretEnv, grafana.secretFile, folder),
            header: (grafana.header ?? "X-Grafana-Alerting-Signature").toLowerCase(),
            ...defined({ timestampHeader: grafana.timestampHeader?.toLowerCase() }),
          },
        }),
  };
}

function stormOf({ pages, withinSeconds, quietSeconds }: AlertsSection["storm"] = {}): StormLimits {
  return {
    ...defaultStormLimits,
    ...defined({
      pages,
      withinMs: withinSeconds === undefined ? undefined : withinSeconds * 1_000,
      quietMs: quietSeconds === undefined ? undefined : quietSeconds * 1_000,
    }),
  };
}

export function matchesOf(match: readonly Readonly<Record<string, string>>[]): readonly LabelMatches[] {
  return match.map(labelsOf);
}

function labelsOf(labels: Readonly<Record<string, string>>): LabelMatches {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, matchOf(value)]));
}

/** Anchored at both ends, as in Prometheus. */
function matchOf(value: string): LabelMatch {
  return value.startsWith("~") ? { pattern: new RegExp(`^(?:${value.slice(1)})$`, "u") } : { equals: value };
}
