import type { ContextEvent, Figure, MissingFigure } from "../../domain/context/service-context.ts";
import { literalPattern } from "../../domain/literal-pattern.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import type { Asker } from "./asker.ts";
import { type FoundPod, ofContainer } from "./container.ts";
import { type Matchers, selector } from "./promql.ts";

/** Restarts are counted so far back. */
const hourMs = 3_600_000;
/** A deploy longer ago is no news at a page. */
const deployMs = 6 * hourMs;
/** Processes that began within so long began together: a rollout of a few replicas takes minutes. */
const togetherMs = 900_000;
/** Of so many processes that began together somebody meant it. */
const togetherShare = 0.8;

/** What is known of the process when its past is asked about. */
export interface Happened {
  readonly service: Matchers;
  readonly process?: Matchers;
  readonly pod?: FoundPod;
  readonly atMs: number;
  readonly startedAtMs?: number;
  /** When each process of the service began, milliseconds since the epoch. */
  readonly begins: readonly number[];
  /** The service is older than a day. */
  readonly hasHistory: boolean;
}

/** What happened, and how often the process began anew: none is told from not known. */
export interface Happenings {
  /** The latest first. */
  readonly events: readonly ContextEvent[];
  readonly restarts: Figure | MissingFigure;
}

/** Restarts, OOM kills and deploys. */
export async function happenings(past: Happened, asker: Asker): Promise<Happenings> {
  const [restarts, ends, created, built] = await Promise.all([
    restartsOf(past, asker),
    endsOf(past, asker),
    replicaSetOf(past, asker),
    buildsOf(past, asker),
  ]);
  const deploys = [...created, ...built];
  const events = [
    ...restartEvents(restarts, past),
    ...ends,
    ...(deploys.length > 0 ? deploys : beganTogether(past)),
  ];
  // Newest first. What has no time comes last: a window is far shorter than what has passed since the epoch.
  return { events: events.toSorted((a, b) => (b.atMs ?? b.windowMs) - (a.atMs ?? a.windowMs)), restarts };
}

/** By the process's own start time and by Kubernetes: whichever saw more. */
async function restartsOf({ process, pod, atMs }: Happened, asker: Asker): Promise<Figure | MissingFigure> {
  const name = "restarts";
  const restarts = "kube_pod_container_status_restarts_total";
  const queries = [
    ...(process === undefined ? [] : [`changes(process_start_time_seconds${selector(process)}[1h])`]),
    ...(pod === undefined
      ? []
      : [
          `max by (container) (max_over_time(${restarts}${selector(pod.matchers)}[1h]) - min_over_time(${restarts}${selector(pod.matchers)}[1h]))`,
        ]),
  ];
  if (queries.length === 0) {
    return { name, when: "now", missing: "which of the service's series are the process's is not known" };
  }
  const found = await Promise.all(
    queries.map(async (query) => ({ query, count: await countOf(query, pod, asker) })),
  );
  const [most] = found
    .flatMap(({ query, count }) => (typeof count === "number" ? [{ query, count }] : []))
    .toSorted((a, b) => b.count - a.count);
  if (most === undefined) {
    const [why] = found.flatMap(({ count }) => (typeof count === "number" ? [] : [count.unknown]));
    return { name, when: "now", missing: why ?? "no answer", query: queries[0] ?? "" };
  }
  return {
    name,
    when: "now",
    value: Math.round(most.count),
    unit: "count",
    atMs,
    windowMs: hourMs,
    of: "process",
    query: most.query,
  };
}

function restartEvents(restarts: Figure | MissingFigure, { startedAtMs }: Happened): readonly ContextEvent[] {
  if ("missing" in restarts || restarts.value < 1) return [];
  return [
    {
      kind: "restart",
      ...(startedAtMs === undefined ? {} : { atMs: startedAtMs }),
      count: restarts.value,
      windowMs: hourMs,
      detail: "",
      inferred: false,
      query: restarts.query,
    },
  ];
}

/** How its container ended last: killed for its memory, or otherwise. */
async function endsOf({ pod, startedAtMs, atMs }: Happened, asker: Asker): Promise<readonly ContextEvent[]> {
  if (pod === undefined) return [];
  const k = selector(pod.matchers);
  const why = `kube_pod_container_status_last_terminated_reason${k} == 1`;
  const kills = `sum by (container) (max_over_time(container_oom_events_total${k}[1h]) - min_over_time(container_oom_events_total${k}[1h]))`;
  const [answer, counted] = await Promise.all([asker.ask(why), countOf(kills, pod, asker)]);
  const killed = typeof counted === "number" ? counted : 0;
  const reason = isUnknown(answer) ? undefined : ofContainer(answer, pod)?.labels["reason"];
  // That it ended is known, and when it began anew: the one follows the other.
  const isRecent = startedAtMs !== undefined && atMs - startedAtMs <= deployMs;
  const common = {
    ...(isRecent ? { atMs: startedAtMs } : {}),
    count: Math.max(1, Math.round(killed)),
    windowMs: killed >= 1 ? hourMs : deployMs,
    inferred: false,
  };
  if ((reason === "OOMKilled" && isRecent) || killed >= 1) {
    return [{ ...common, kind: "oom-kill", detail: "", query: killed >= 1 ? kills : why }];
  }
  if (reason === undefined || reason === "Completed" || !isRecent) return [];
  return [{ ...common, kind: "exit", detail: reason, query: why }];
}

/** A new replica set is a new pod template: another image, or another configuration. */
async function replicaSetOf({ pod, atMs }: Happened, asker: Asker): Promise<readonly ContextEvent[]> {
  if (pod === undefined) return [];
  const owner = `${selector(pod.matchers).slice(0, -1)},owner_kind="ReplicaSet"}`;
  const { namespace } = pod.matchers;
  const created = `kube_replicaset_created${namespace === undefined ? "" : selector({ namespace })}`;
  // Each side has one series a replica set, however many kube-state-metrics there are.
  const by = "max by (namespace, replicaset)";
  const query = `${by} (${created}) * on (namespace, replicaset) ${by} (label_replace(kube_pod_owner${owner}, "replicaset", "$1", "owner_name", "(.+)"))`;
  const answer = await asker.ask(query);
  const found = isUnknown(answer) ? undefined : answer[0];
  const seconds = found?.points[0]?.value;
  if (seconds === undefined || !Number.isFinite(seconds) || !isWithin(seconds * 1000, atMs)) return [];
  const detail = `replica set ${found?.labels["replicaset"] ?? ""}`.trim();
  const atTime = Math.round(seconds * 1000);
  return [{ kind: "deploy", atMs: atTime, count: 1, windowMs: deployMs, detail, inferred: false, query }];
}

/** Labels by which builds tell themselves apart, in the order in which people know them. */
const versionLabels = ["version", "tag", "revision", "commit", "checksum"] as const;

/** Another version in the service's `…_build_info` than an hour before. */
async function buildsOf(
  { service, startedAtMs, atMs }: Happened,
  asker: Asker,
): Promise<readonly ContextEvent[]> {
  const builds = selector({ __name__: { pattern: ".+_build_info" }, ...service });
  const query = `${builds} unless ${builds} offset 1h`;
  const [fresh, before] = await Promise.all([asker.ask(builds), asker.ask(`${builds} offset 1h`)]);
  if (isUnknown(fresh) || isUnknown(before)) return [];
  const now = versionsOf(fresh);
  const then = versionsOf(before);
  const added = [...now].filter((version) => !then.has(version));
  if (then.size === 0 || added.length === 0) return [];
  const gone = [...then].filter((version) => !now.has(version));
  const detail = `version ${gone.length === 0 ? "" : `${gone.join(", ")} → `}${added.join(", ")}`;
  const isNew = startedAtMs !== undefined && atMs - startedAtMs <= hourMs;
  return [
    {
      kind: "deploy",
      ...(isNew ? { atMs: startedAtMs } : {}),
      count: 1,
      windowMs: hourMs,
      detail: detail.slice(0, 200),
      inferred: true,
      query,
    },
  ];
}

function versionsOf(series: readonly MetricSeries[]): ReadonlySet<string> {
  return new Set(
    series.flatMap(({ labels }) => {
      const name = versionLabels.find((label) => (labels[label] ?? "") !== "");
      return name === undefined ? [] : [labels[name] ?? ""];
    }),
  );
}

/** Nobody says that it was a deploy: most processes of the service began at about the same time. */
function beganTogether({ begins, atMs, service, hasHistory }: Happened): readonly ContextEvent[] {
  const latest = Math.max(...begins);
  if (begins.length < 2 || !hasHistory || !isWithin(latest, atMs)) return [];
  const together = begins.filter((beginMs) => latest - beginMs <= togetherMs);
  if (together.length < begins.length * togetherShare) return [];
  return [
    {
      kind: "deploy",
      atMs: Math.min(...together),
      count: 1,
      windowMs: deployMs,
      detail: `${together.length} of ${begins.length} processes began together`,
      inferred: true,
      query: `process_start_time_seconds${selector(service)}`,
    },
  ];
}

function isWithin(eventMs: number, atMs: number): boolean {
  // Clocks differ a little.
  return eventMs <= atMs + 60_000 && atMs - eventMs <= deployMs;
}

async function countOf(query: string, pod: FoundPod | undefined, asker: Asker): Promise<number | Unknown> {
  const answer = await asker.ask(query);
  if (isUnknown(answer)) return answer;
  const own = answer.length === 1 || pod === undefined ? answer[0] : ofContainer(answer, pod);
  const value = own?.points[0]?.value;
  return value === undefined || !Number.isFinite(value) ? { unknown: `no number for ${query}` } : value;
}

/** The pod of the process: by its own labels, else by the address that it listens on. */
export async function podOf(
  process: Readonly<Record<string, string>> | undefined,
  service: string | undefined,
  asker: Asker,
): Promise<FoundPod | undefined> {
  const named = service === undefined ? {} : { service };
  const { pod, namespace, container } = process ?? {};
  if (pod !== undefined) {
    return {
      matchers: { ...(namespace === undefined ? {} : { namespace }), pod },
      ...(container === undefined ? {} : { container }),
      ...named,
    };
  }
  const host = /^(?<host>\d+\.\d+\.\d+\.\d+):\d+$/.exec(process?.["instance"] ?? "")?.groups?.["host"];
  if (host === undefined || host.startsWith("127.")) return undefined;
  const answer = await asker.ask(`kube_pod_info${selector({ pod_ip: { pattern: literalPattern(host) } })}`);
  const found = isUnknown(answer) || answer.length !== 1 ? undefined : answer[0]?.labels;
  const foundPod = found?.["pod"];
  if (foundPod === undefined) return undefined;
  const space = found?.["namespace"];
  return { matchers: { ...(space === undefined ? {} : { namespace: space }), pod: foundPod }, ...named };
}
