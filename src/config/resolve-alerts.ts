import { resolve as resolvePath } from "node:path";
import type { LabelMatch, LabelMatches } from "../domain/alerts/alert-routing.ts";
import { defaultStormLimits, type StormLimits } from "../domain/alerts/storm.ts";
import type { AlertsConfig, AlertsTls } from "./alerts-config.ts";
import type { AlertsSection } from "./alerts-schema.ts";
import { addressOf, defined, optionalSecret, secret } from "./resolve-words.ts";

export function alertsOf(
  {
    channel,
    routes = [],
    messages,
    bearerEnv,
    bearerFile,
    grafana,
    listen,
    tls,
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
    ...(listen === undefined ? {} : { listen: addressOf(listen) }),
    ...(tls === undefined ? {} : { tls: tlsOf(tls, folder) }),
    ...defined({ bearer: optionalSecret(bearerEnv, bearerFile, folder) }),
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

function tlsOf(tls: NonNullable<AlertsSection["tls"]>, folder: string): AlertsTls {
  const { certFile, keyFile, passphraseEnv, passphraseFile, clientCaFile, clientNames } = tls;
  return {
    certFile: resolvePath(folder, certFile),
    keyFile: resolvePath(folder, keyFile),
    ...defined({
      passphrase: optionalSecret(passphraseEnv, passphraseFile, folder),
      clientCaFile: clientCaFile === undefined ? undefined : resolvePath(folder, clientCaFile),
      clientNames,
    }),
  };
}

export function matchesOf(match: readonly Readonly<Record<string, string>>[]): readonly LabelMatches[] {
  return match.map(labelsOf);
}

export function labelsOf(labels: Readonly<Record<string, string>>): LabelMatches {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, matchOf(value)]));
}

/** Anchored at both ends, as in Prometheus. */
function matchOf(value: string): LabelMatch {
  return value.startsWith("~") ? { pattern: new RegExp(`^(?:${value.slice(1)})$`, "u") } : { equals: value };
}
