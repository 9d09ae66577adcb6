import { parseTarget } from "../../capture/address.ts";
import { exampleFile } from "../../config/example-file.ts";
import type { GofireConfig, ServiceConfig, TargetConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import { nearest, shortList } from "../../domain/nearest.ts";
import type { GoTarget, GoTargetAccess, GoTargetAddress, GoTargets } from "../../ports/go-target.ts";
import type { Host } from "../../ports/host.ts";
import { readWebAccess } from "./web-access.ts";

/** A process that can be captured, and the service it is one of. */
export interface NamedTarget {
  readonly service?: string;
  /** What gofire.yaml calls this process; its address when absent. */
  readonly instance?: string;
  readonly address: GoTargetAddress;
  readonly access: GoTargetAccess;
}

/** What a person may say about a target on the command line, in place of what gofire.yaml says. */
export interface TargetOverrides {
  readonly pprofPath?: string | undefined;
  readonly metrics?: string | undefined;
  readonly profileRatesPath?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly access: GoTargetAccess;
}

/** Does the word name an address, rather than a service of gofire.yaml? */
export function looksLikeAddress(word: string): boolean {
  return (
    /^(?:https?:\/\/|unix:)/i.test(word) ||
    /^(?:[^/?#\s]*@)?(?:\[[0-9a-f:.]+\]|[\p{L}\p{N}_.-]*):\d+(?:[/?#]|$)/iu.test(word)
  );
}

/**
 * Is it an address and nothing else? Over a chat nobody chooses paths, and a password in it would be shown on a card to
 * the whole channel.
 */
export function isBareAddress(word: string): boolean {
  const isBare = /^(?:https?:\/\/)?[^/?#@]+\/?$/i.test(word) || /^unix:\//i.test(word);
  return isBare && !/\/\.\.(?:\/|$)/.test(word);
}

/** The address that a person typed or configured, with what the command line says about it; see `parseTarget`. */
export function typedTarget(word: string, overrides: TargetOverrides): NamedTarget {
  const { pprofPath, metrics, profileRatesPath, socketPath } = overrides;
  const { address, credentials } = parseTarget(word, { pprofPath, metrics, profileRatesPath });
  return {
    address: socketPath === undefined ? address : { ...address, socketPath },
    access: { ...(credentials === undefined ? {} : { credentials }), ...overrides.access },
  };
}

/** Opens a target that is told of by the name it has in gofire.yaml. */
export function openTarget({ address, access, instance }: NamedTarget, goTargets: GoTargets): GoTarget {
  const target = goTargets.open(address, access);
  if (instance === undefined) return target;
  const { elsewhere } = target;
  return {
    ...target,
    instance,
    ...(elsewhere === undefined ? {} : { elsewhere: { ...elsewhere, instance } }),
  };
}

/** A URL with a mistake in it is taken for a name. */
function withoutPassword(name: string): string {
  return name.replace(/[^/\s]*@/, "…@");
}

/** User and password of a URL, decoded. */
export function userOf(url: URL): { username: string; password: string } {
  return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

/** The service of that name. Throws UsageError with the nearest name. */
export function serviceNamed(config: GofireConfig | undefined, name: string): ServiceConfig {
  if (config === undefined) {
    throw new UsageError(
      `"${withoutPassword(name)}" is no address, and there is no gofire.yaml here that could name a service. Write http://HOST:PORT, or begin with: cp ${exampleFile()} gofire.yaml`,
    );
  }
  const service = config.services[name];
  if (service !== undefined) return service;
  const names = Object.keys(config.services);
  const close = nearest(name, names);
  if (names.length === 0)
    throw new UsageError(`${config.file} names no services yet, so there is no "${withoutPassword(name)}".`);
  const hint = close === undefined ? `It has: ${shortList(names)}.` : `Did you mean ${close}?`;
  throw new UsageError(`${config.file} has no service "${withoutPassword(name)}". ${hint}`);
}

/** A configured target with its secrets read; what the command line says wins. Throws UsageError when one is missing. */
export async function configuredTarget(
  service: string,
  target: TargetConfig,
  overrides: TargetOverrides,
  host: Host,
): Promise<NamedTarget> {
  const typed = typedTarget(target.address, {
    pprofPath: overrides.pprofPath ?? target.pprofPath,
    metrics: overrides.metrics ?? target.metrics,
    profileRatesPath: overrides.profileRatesPath ?? target.profileRatesPath,
    socketPath: overrides.socketPath,
    access: { ...(await readWebAccess(target, target.at, host)), ...overrides.access },
  });
  const { address } = typed;
  return {
    ...typed,
    service,
    ...(target.instance === undefined ? {} : { instance: target.instance }),
    address: target.expvarPath === undefined ? address : { ...address, expvarPath: target.expvarPath },
  };
}
