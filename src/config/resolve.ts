import { resolve as resolvePath } from "node:path";
import type {
  CaptureSettings,
  GofireConfig,
  SecretReference,
  ServiceSettings,
  TargetAuth,
  TargetConfig,
  TargetProxy,
  TargetTls,
} from "./gofire-config.ts";
import { alertsOf, matchesOf } from "./resolve-alerts.ts";
import { artifactsOf, queueBoardOf } from "./resolve-artifacts.ts";
import { accessOf, capturesOf, slackOf } from "./resolve-chat.ts";
import { defined, secret } from "./resolve-words.ts";
import type { ConfigFile, ReachSection, SettingsSection, TargetSection } from "./schema.ts";

/** Where the file is, and where its targets stand in it. */
export interface FilePlace {
  /** As messages name it. */
  readonly file: string;
  /** Folder that the paths in it are relative to. */
  readonly folder: string;
  targetAt(service: string, index: number): string;
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
      ...defined({ channel: service.channel }),
      targets: (service.targets ?? []).map((target, index) =>
        targetOf(target, layered(reach, target), place.targetAt(name, index), place.folder),
      ),
    };
  }
  return {
    file: place.file,
    services,
    defaults: settingsOf(defaults, {}),
    allow: { targets: config.allow?.targets ?? [] },
    ...(config.slack === undefined ? {} : { slack: slackOf(config.slack, place.folder) }),
    access: accessOf(config.access),
    captures: capturesOf(config.captures),
    ...(config.alerts === undefined ? {} : { alerts: alertsOf(config.alerts, place.folder) }),
    artifacts: artifactsOf(config.artifacts, place.folder),
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
    at,
    address: unixSocket === undefined ? (url ?? "") : `unix:${unixSocket}`,
    headers: Object.fromEntries(
      Object.entries(reach.headers ?? {}).map(([name, content]) => [
        name,
        typeof content === "string" ? content : secret(content.env, content.file, folder),
      ]),
    ),
    ...defined({
      instance,
      pprofPath: reach.pprofPath,
      metrics: metricsUrl ?? reach.metricsPath,
      expvarPath: reach.expvarPath,
      auth: reach.auth === undefined ? undefined : authOf(reach.auth, folder),
      tls: reach.tls === undefined ? undefined : tlsOf(reach.tls, folder),
      proxy: reach.proxy === undefined ? undefined : proxyOf(reach.proxy, folder),
    }),
  };
}

function authOf(
  { bearer, basic }: NonNullable<ReachSection["auth"]>,
  folder: string,
): TargetAuth | undefined {
  if (bearer !== undefined) {
    return { kind: "bearer", token: secret(bearer.tokenEnv, bearer.tokenFile, folder) };
  }
  if (basic === undefined) return undefined;
  const password = secret(basic.passwordEnv, basic.passwordFile, folder);
  return { kind: "basic", user: basic.user, password };
}

function tlsOf(tls: NonNullable<ReachSection["tls"]>, folder: string): TargetTls {
  return defined({
    caFile: tls.caFile === undefined ? undefined : resolvePath(folder, tls.caFile),
    certFile: tls.certFile === undefined ? undefined : resolvePath(folder, tls.certFile),
    keyFile: tls.keyFile === undefined ? undefined : resolvePath(folder, tls.keyFile),
    passphrase: optionalSecret(tls.passphraseEnv, tls.passphraseFile, folder),
    serverName: tls.serverName,
  });
}

function proxyOf(proxy: NonNullable<ReachSection["proxy"]>, folder: string): TargetProxy {
  const password = optionalSecret(proxy.passwordEnv, proxy.passwordFile, folder);
  return { url: proxy.url, ...defined({ user: proxy.user, password }) };
}

function optionalSecret(
  env: string | undefined,
  file: string | undefined,
  folder: string,
): SecretReference | undefined {
  return env === undefined && file === undefined ? undefined : secret(env, file, folder);
}
