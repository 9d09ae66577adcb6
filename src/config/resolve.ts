import { auditOf } from "./audit-config.ts";
import type {
  CaptureSettings,
  GofireConfig,
  ServiceSettings,
  TargetConfig,
  TargetReach,
} from "./gofire-config.ts";
import { alertsOf, matchesOf } from "./resolve-alerts.ts";
import { artifactsOf, queueBoardOf } from "./resolve-artifacts.ts";
import { accessOf, capturesOf, slackOf } from "./resolve-chat.ts";
import { configHistoryOf, rollbackOf } from "./resolve-config-history.ts";
import { clusterOf, placeOf } from "./resolve-discover.ts";
import { gateOf, peopleOf } from "./resolve-gate.ts";
import { webAccessOf } from "./resolve-web-access.ts";
import { defined } from "./resolve-words.ts";
import type { ConfigFile, ReachSection, SettingsSection, TargetSection } from "./schema.ts";
import { webOf } from "./web-config.ts";

/** Where the file is, and where its targets stand in it. */
export interface FilePlace {
  /** As messages name it. */
  readonly file: string;
  /** Folder that the paths in it are relative to. */
  readonly folder: string;
  targetAt(service: string, index: number): string;
  discoverAt(service: string): string;
}

/** Applies the defaults: what a target says comes before what its service says before what `defaults` says. */
export function resolveConfig(config: ConfigFile, place: FilePlace): GofireConfig {
  const { defaults = {} } = config;
  const services: Record<string, GofireConfig["services"][string]> = Object.create(null);
  for (const [name, service] of Object.entries(config.services ?? {})) {
    const reach = layered(defaults.eachTarget ?? {}, service.eachTarget ?? {});
    services[name] = {
      ...settingsOf(defaults, service),
      ...(service.match === undefined ? {} : { matches: matchesOf(service.match) }),
      ...defined({ channel: service.channel, shadow: service.shadow }),
      ...defined({ configPaths: service.config }),
      ...(service.prometheus?.labels === undefined ? {} : { seriesLabels: service.prometheus.labels }),
      targets: (service.targets ?? []).map((target, index) =>
        targetOf(target, layered(reach, target), place.targetAt(name, index), place.folder),
      ),
      ...(service.discover === undefined
        ? {}
        : {
            discover: {
              ...reachOf(reach, place.discoverAt(name), place.folder),
              place: placeOf(service.discover),
            },
          }),
    };
  }
  return {
    file: place.file,
    services,
    defaults: settingsOf(defaults, {}),
    allow: { targets: config.allow?.targets ?? [], tls: config.allow?.tls ?? [] },
    ...(config.slack === undefined ? {} : { slack: slackOf(config.slack, place.folder) }),
    access: accessOf(config.access),
    captures: capturesOf(config.captures),
    ...(config.alerts === undefined ? {} : { alerts: alertsOf(config.alerts, place.folder) }),
    artifacts: artifactsOf(config.artifacts, place.folder),
    ...(config.prometheus === undefined
      ? {}
      : {
          prometheus: {
            at: `${place.file}: prometheus`,
            url: config.prometheus.url,
            ...webAccessOf(config.prometheus, place.folder),
          },
        }),
    ...(config.configHistory === undefined
      ? {}
      : { configHistory: configHistoryOf(config.configHistory, place) }),
    ...rollbackOf(config, place),
    ...(config.gate === undefined ? {} : { gate: gateOf(config.gate) }),
    people: peopleOf(config.people),
    web: webOf(config.web, place.folder),
    ...(config.audit === undefined ? {} : { audit: auditOf(config.audit, place) }),
    ...(config.kubernetes === undefined ? {} : { kubernetes: clusterOf(config.kubernetes, place.folder) }),
    ...(config.queueBoard === undefined ? {} : { queueBoard: queueBoardOf(config.queueBoard, place.folder) }),
  };
}

function settingsOf(defaults: SettingsSection, own: SettingsSection): ServiceSettings {
  const thresholds: Record<string, Readonly<Record<string, number>>> = { ...defaults.thresholds };
  for (const [rule, limits] of Object.entries(own.thresholds ?? {})) {
    thresholds[rule] = { ...thresholds[rule], ...limits };
  }
  return {
    modules: [...new Set([...(defaults.modules ?? []), ...(own.modules ?? [])])],
    thresholds,
    capture: { ...captureOf(defaults.capture), ...captureOf(own.capture) },
  };
}

function captureOf({
  gapSeconds,
  deadlineSeconds,
  ...rest
}: NonNullable<SettingsSection["capture"]> = {}): CaptureSettings {
  return defined({
    ...rest,
    goroutineGapMs: gapSeconds === undefined ? undefined : gapSeconds * 1000,
    deadlineMs: deadlineSeconds === undefined ? undefined : deadlineSeconds * 1000,
  });
}

/** `own` over `base`, headers one by one because their names have no case. */
function layered(base: ReachSection, own: ReachSection): ReachSection {
  const headers = new Map<string, [string, NonNullable<ReachSection["headers"]>[string]]>();
  for (const header of [...Object.entries(base.headers ?? {}), ...Object.entries(own.headers ?? {})]) {
    headers.set(header[0].toLowerCase(), header);
  }
  return { ...base, ...defined(own), headers: Object.fromEntries(headers.values()) };
}

function targetOf(target: TargetSection, reach: ReachSection, at: string, folder: string): TargetConfig {
  const { url, unixSocket, instance, metricsUrl } = target;
  return {
    ...reachOf(reach, at, folder),
    address: unixSocket === undefined ? (url ?? "") : `unix:${unixSocket}`,
    ...defined({ instance, metrics: metricsUrl }),
  };
}

function reachOf(reach: ReachSection, at: string, folder: string): TargetReach {
  return {
    at,
    ...webAccessOf(reach, folder),
    ...defined({
      pprofPath: reach.pprofPath,
      metrics: reach.metricsPath,
      expvarPath: reach.expvarPath,
      profileRatesPath: reach.profileRatesPath,
    }),
  };
}
