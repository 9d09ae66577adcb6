import { append } from "../grouped.ts";
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

/** The alerts of one service. */
export interface ServiceAlerts {
  readonly service: string;
  readonly alerts: readonly Alert[];
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
    else append(byService, service, alert);
  }
  return {
    services: [...byService]
      .map(([service, own]) => ({ service: service.name, alerts: own }))
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
  const route = routes.find(({ match }) => firing.some(({ labels }) => fitsLabels(labels, match)));
  return route?.channel ?? services.find(({ name }) => name === service)?.channel ?? usual;
}

/** A service that labels would be about, if some of them were otherwise. */
export interface NearMiss {
  readonly service: string;
  /** Labels that one entry of its matches wants and that are not so, at least one. */
  readonly lacks: LabelMatches;
}

/** The service whose match lacks least, of those of which some label fits; undefined when there is none. */
export function nearMiss(labels: Labels, services: readonly AlertedService[]): NearMiss | undefined {
  const [nearest] = services
    .flatMap(({ name, matches }) =>
      matches.map((match) => {
        const wanted = Object.entries(match);
        const lacks = wanted.filter(([label, value]) => !fits(labels[label] ?? "", value));
        const right = wanted.filter(
          ([label, value]) => (labels[label] ?? "") !== "" && fits(labels[label] ?? "", value),
        );
        return { service: name, lacks: Object.fromEntries(lacks), wrong: lacks.length, right: right.length };
      }),
    )
    .filter(({ right, wrong }) => right > 0 && wrong > 0)
    .sort((a, b) => a.wrong - b.wrong || b.right - a.right);
  return nearest === undefined ? undefined : { service: nearest.service, lacks: nearest.lacks };
}

function isAbout(labels: Labels, { name, matches }: AlertedService): boolean {
  if (matches.length === 0) return usualServiceLabels.some((label) => labels[label] === name);
  return matches.some((match) => fitsLabels(labels, match));
}

/** Whether all labels are as they have to be. One that is not there is an empty one, as in Prometheus. */
export function fitsLabels(labels: Labels, match: LabelMatches): boolean {
  return Object.entries(match).every(([label, wanted]) => fits(labels[label] ?? "", wanted));
}

function fits(value: string, wanted: LabelMatch): boolean {
  return "equals" in wanted ? value === wanted.equals : wanted.pattern.test(value);
}
