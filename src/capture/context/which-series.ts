import { usualServiceLabels } from "../../domain/alerts/alert-routing.ts";
import { literalPattern } from "../../domain/literal-pattern.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import { isLoopback } from "../../domain/targets/reserved-addresses.ts";
import type { Asker } from "./asker.ts";
import { type Matchers, selector } from "./promql.ts";

type Labels = Readonly<Record<string, string>>;

/** What is known of the service and of the captured process besides their series. */
export interface SeriesHints {
  readonly service?: string;
  /** Labels that gofire.yaml says the service's series have. */
  readonly labels?: Labels;
  /** Labels of the alert. */
  readonly alert?: Labels;
  /** What the process is called: its name, and `host:port`. */
  readonly names: readonly string[];
}

/** Which series are the service's, and which of them the captured process's. */
export interface FoundSeries {
  readonly service: Matchers;
  readonly process?: Labels;
  /** What is only assumed, or could not be told; one sentence each. */
  readonly notes: readonly string[];
}

/** What every Go process that client_golang exports has. */
const metric = "go_goroutines";

/** Labels that tell processes apart and that every series of one carries. */
const identity = ["cluster", "namespace", "job", "pod", "container", "instance"] as const;
/** Of these, what the processes of a service have in common. */
const common = ["cluster", "namespace", "job"] as const;

/** They say something about other processes, and are Go processes themselves. */
const exporters = /kube-state-metrics|cadvisor|kubelet|node|blackbox|probe|pushgateway|federate/i;

/** A set of series that may be the service's. */
interface Candidate {
  readonly matchers: Matchers;
  /** Only one process has it. */
  readonly ofProcess: boolean;
  readonly assumption?: string;
}

/** Asks once which series there are, and chooses the surest. */
export async function whichSeries(hints: SeriesHints, questions: Asker): Promise<FoundSeries | Unknown> {
  const candidates = candidatesOf(hints);
  const answer = await questions.ask(
    candidates.map(({ matchers }) => `${metric}${selector(matchers)}`).join(" or "),
  );
  if (isUnknown(answer)) return answer;
  for (const candidate of candidates) {
    const fitting = answer.filter(({ labels }) => fits(labels, candidate.matchers));
    if (fitting.length === 0) continue;
    const notes = candidate.assumption === undefined ? [] : [candidate.assumption];
    if (!candidate.ofProcess) return amongService(candidate.matchers, fitting, hints, notes);
    const [only] = fitting;
    if (only !== undefined && fitting.length === 1) return ofProcess(only.labels, hints, notes);
    // Several exporters behind one address are not told apart by it.
    const own = fitting.filter(({ labels }) => isService(labels, hints.service));
    if (own[0] !== undefined && own.length === 1) return ofProcess(own[0].labels, hints, notes);
  }
  return {
    unknown: `no series ${metric} with ${candidates.map(({ matchers }) => selector(matchers)).join(" or ")}`,
  };
}

/** The surest first. */
function candidatesOf({ service, labels, alert = {}, names }: SeriesHints): readonly Candidate[] {
  if (labels !== undefined) return [{ matchers: labels, ofProcess: false }];
  const candidates: Candidate[] = [];
  for (const name of names) {
    if (/^[^\s/]+:\d+$/.test(name)) candidates.push({ matchers: { instance: name }, ofProcess: true });
  }
  for (const name of names) {
    const host = hostOf(name);
    // Behind a loopback address stands something else on every machine.
    if (host !== undefined && !isLoopback(host)) {
      candidates.push({
        matchers: { instance: { pattern: `${literalPattern(host)}:[0-9]+` } },
        ofProcess: true,
      });
    } else if (host === undefined && !name.includes("/")) {
      candidates.push(
        { matchers: { pod: name }, ofProcess: true },
        { matchers: { instance: name }, ofProcess: true },
      );
    }
  }
  const { job } = alert;
  // Where kube-state-metrics is scraped without honor_labels, `pod` is its own.
  const pod = alert["exported_pod"] ?? alert["pod"];
  const namespace = alert["exported_namespace"] ?? alert["namespace"];
  if (pod !== undefined) {
    candidates.push({
      matchers: { pod, ...(namespace === undefined ? {} : { namespace }) },
      ofProcess: true,
    });
  }
  if (service !== undefined) {
    candidates.push(
      { matchers: { job: service }, ofProcess: false },
      { matchers: { job: { pattern: `.+/${literalPattern(service)}` } }, ofProcess: false },
      ...usualServiceLabels
        .filter((label) => label !== "job")
        .map((label) => ({ matchers: { [label]: service }, ofProcess: false })),
    );
  }
  if (job !== undefined && !exporters.test(job)) {
    candidates.push({
      matchers: { job, ...(namespace === undefined ? {} : { namespace }) },
      ofProcess: false,
      assumption: `That job="${job}" of the alert is the service is assumed: prometheus.labels of the service in gofire.yaml would say so.`,
    });
  }
  return candidates;
}

/** One series is the process: its service is what shares its job, if that is the service's own. */
function ofProcess(labels: Labels, { service }: SeriesHints, notes: readonly string[]): FoundSeries {
  const process = identityOf(labels);
  const job = labels["job"];
  const shared = picked(labels, common);
  const named = usualServiceLabels.find((label) => label !== "job" && labels[label] === service);
  if (named !== undefined) return { service: { ...shared, [named]: labels[named] ?? "" }, process, notes };
  if (job !== undefined && (service === undefined || isJobOf(job, service)))
    return { service: shared, process, notes };
  // Many services may share a job such as kubernetes-pods: their figures are no baseline for this one.
  return {
    service: process,
    process,
    notes: [
      ...notes,
      `Which other series are the service's is not known (job="${job ?? ""}" does not name it): only this process's own past is compared.`,
    ],
  };
}

/** The series are the service's: one of them is the process, if a name tells which. */
function amongService(
  matchers: Matchers,
  series: readonly MetricSeries[],
  { names, alert = {} }: SeriesHints,
  notes: readonly string[],
): FoundSeries {
  const [only] = series;
  const own =
    series.length === 1
      ? only
      : (unique(series, ({ labels }) =>
          names.some((name) => name === labels["instance"] || name === labels["pod"]),
        ) ??
        unique(series, ({ labels }) => names.some((name) => isSameHost(name, labels["instance"]))) ??
        unique(series, ({ labels }) => alert["pod"] !== undefined && alert["pod"] === labels["pod"]) ??
        unique(
          series,
          ({ labels }) => alert["instance"] !== undefined && alert["instance"] === labels["instance"],
        ));
  if (own !== undefined) return { service: matchers, process: identityOf(own.labels), notes };
  return {
    service: matchers,
    notes: [
      ...notes,
      `Which of the ${series.length} series of ${selector(matchers)} is the captured process is not known: no instance or pod label is ${names.join(" or ")}.`,
    ],
  };
}

function unique(
  series: readonly MetricSeries[],
  is: (one: MetricSeries) => boolean,
): MetricSeries | undefined {
  const found = series.filter(is);
  return found.length === 1 ? found[0] : undefined;
}

function identityOf(labels: Labels): Labels {
  return picked(labels, identity);
}

function picked(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = labels[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}

function isService(labels: Labels, service: string | undefined): boolean {
  if (service === undefined) return false;
  return (
    isJobOf(labels["job"] ?? "", service) || usualServiceLabels.some((label) => labels[label] === service)
  );
}

/** `order`, `shop/order` (Prometheus Operator), `order-metrics`. */
function isJobOf(job: string, service: string): boolean {
  return job === service || job.endsWith(`/${service}`) || job.startsWith(`${service}-`);
}

function fits(labels: Labels, matchers: Matchers): boolean {
  return Object.entries(matchers).every(([name, wanted]) => {
    const value = labels[name] ?? "";
    if (typeof wanted === "string") return value === wanted;
    return "pattern" in wanted ? new RegExp(`^(?:${wanted.pattern})$`).test(value) : value !== wanted.not;
  });
}

/** Of `host:port`; undefined for a name. */
function hostOf(name: string): string | undefined {
  return /^(?<host>[^\s/]+):\d+$/.exec(name)?.groups?.["host"];
}

function isSameHost(name: string, instance: string | undefined): boolean {
  const host = hostOf(name);
  return host !== undefined && !isLoopback(host) && instance !== undefined && hostOf(instance) === host;
}
