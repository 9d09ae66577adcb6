import type { Alert, Labels } from "./alert.ts";

/**
 * What a label must be: the value itself, or a regular expression for the whole value, as Prometheus anchors its own.
 */
export type LabelMatch = { readonly equals: string } | { readonly pattern: RegExp };

/** Label name -> what it must be; all of them. */
export type LabelMatches = Readonly<Record<string, LabelMatch>>;

/** Where pages with these labels are answered. */
export interface ChannelRoute {
  readonly match: LabelMatches;
  /** Id of the channel. */
  readonly channel: string;
}

/** A service as alerts are told apart by. */
export interface AlertedService {
  readonly name: string;
  /** Id of the channel that its pages are answered in; the usual one when absent. */
  readonly channel?: string;
  /** Whether its pages are answered in shadow; as all are when absent. */
  readonly shadow?: boolean;
  /** Any of these; by the usual labels when there are none. */
  readonly matches: readonly LabelMatches[];
  /** Names of its targets, or their addresses. */
  readonly instances: readonly string[];
}

/**
 * Labels that usually name the service: Prometheus' own `job`, those of Kubernetes' recommended set
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/), and plain words.
 */
export const usualServiceLabels = [
  "service",
  "app",
  "app_kubernetes_io_name",
  "application",
  "deployment",
  "job",
] as const;

/** Labels that usually name one process: Prometheus' `instance` (host:port) and Kubernetes' pod. */
export const usualInstanceLabels = ["instance", "pod", "pod_name", "kubernetes_pod_name"] as const;

/** The alerts of one service. */
export interface ServiceAlerts {
  readonly service: string;
  readonly alerts: readonly Alert[];
  /** The target that most of the firing ones name; undefined when none of the service's targets is named. */
  readonly instance?: string;
  /** Every target of the service that a firing alert names, in the configuration's order; absent when none is. */
  readonly named?: readonly string[];
  /** What the alerts call the process, when that is none of the service's targets. */
  readonly unknownInstance?: string;
}

/** Which services the alerts are about, the one with most alerts first; `unmatched` are those of no service. */
export function routeAlerts(
  alerts: readonly Alert[],
  services: readonly AlertedService[],
): { readonly services: readonly ServiceAlerts[]; readonly unmatched: readonly Alert[] } {
  const byService = new Map<AlertedService, Alert[]>();
  const unmatched: Alert[] = [];
  for (const alert of alerts) {
    const service = services.find((candidate) => isAbout(alert.labels, candidate));
    if (service === undefined) unmatched.push(alert);
    else {
      const others = byService.get(service);
      if (others === undefined) byService.set(service, [alert]);
      else others.push(alert);
    }
  }
  return {
    services: [...byService]
      .map(([service, own]) => ({ service: service.name, alerts: own, ...instanceOf(own, service) }))
      .sort((a, b) => b.alerts.length - a.alerts.length || (a.service < b.service ? -1 : 1)),
    unmatched,
  };
}

/**
 * The channel for a page about `service`: of the first route that any of its firing alerts fits, else the service's
 * own, else `usual`. Routes go first because they know the alert, and with it how urgent it is and whose.
 */
export function channelFor(
  { service, alerts }: Pick<ServiceAlerts, "service" | "alerts">,
  {
    routes = [],
    services,
    usual,
  }: {
    readonly routes?: readonly ChannelRoute[] | undefined;
    readonly services: readonly AlertedService[];
    readonly usual: string;
  },
): string {
  const firing = alerts.filter(({ status }) => status === "firing");
  const route = routes.find(({ match }) => firing.some(({ labels }) => hasAll(labels, match)));
  return route?.channel ?? services.find(({ name }) => name === service)?.channel ?? usual;
}

function isAbout(labels: Labels, { name, matches }: AlertedService): boolean {
  if (matches.length === 0) return usualServiceLabels.some((label) => labels[label] === name);
  return matches.some((match) => hasAll(labels, match));
}

/** A label that is not there is an empty one, as in Prometheus. */
function hasAll(labels: Labels, match: LabelMatches): boolean {
  return Object.entries(match).every(([label, wanted]) => fits(labels[label] ?? "", wanted));
}

function fits(value: string, wanted: LabelMatch): boolean {
  return "equals" in wanted ? value === wanted.equals : wanted.pattern.test(value);
}

function instanceOf(
  alerts: readonly Alert[],
  { instances }: AlertedService,
): Pick<ServiceAlerts, "instance" | "named" | "unknownInstance"> {
  const firing = alerts.filter(({ status }) => status === "firing");
  const named = new Map<string, number>();
  let unknownInstance: string | undefined;
  for (const { labels } of firing.length > 0 ? firing : alerts) {
    const names = usualInstanceLabels.map((label) => labels[label]).filter((name) => name !== undefined);
    const instance = instances.find((candidate) => names.some((name) => isSame(candidate, name, instances)));
    if (instance !== undefined) named.set(instance, (named.get(instance) ?? 0) + 1);
    else unknownInstance ??= names[0];
  }
  const [most] = [...named].sort(([, a], [, b]) => b - a);
  if (most !== undefined) {
    return { instance: most[0], named: instances.filter((candidate) => named.has(candidate)) };
  }
  return unknownInstance === undefined ? {} : { unknownInstance };
}

/**
 * `order-1`, or an address: Prometheus' label has no scheme. Metrics may be served on another port than pprof, so the
 * host is enough where only one target has it.
 */
function isSame(instance: string, label: string, all: readonly string[]): boolean {
  if (instance === label) return true;
  const authority = authorityOf(instance);
  if (authority === undefined) return false;
  if (authority === label) return true;
  const host = hostOf(authority);
  return (
    host === hostOf(label) && all.filter((other) => hostOf(authorityOf(other) ?? "") === host).length === 1
  );
}

function authorityOf(address: string): string | undefined {
  return /^https?:\/\/(?<authority>[^/]+)/.exec(address)?.groups?.["authority"];
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "");
}
