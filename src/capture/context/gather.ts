import type {
  Figure,
  FigureTime,
  MissingFigure,
  ServiceContext,
} from "../../domain/context/service-context.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import { durationText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MetricsServer } from "../../ports/metrics-server.ts";
import { type Asker, asker } from "./asker.ts";
import { containerFigures } from "./container.ts";
import { distributions } from "./distributions.ts";
import { happenings, podOf } from "./happenings.ts";
import { historyOf } from "./history.ts";
import { type Matchers, selector } from "./promql.ts";
import { type FigureQuestion, levelQuestions, riseQuestions, type TooYoung } from "./questions.ts";
import { type FoundSeries, type SeriesHints, whichSeries } from "./which-series.ts";

export interface ContextQuestion extends SeriesHints {
  readonly server: MetricsServer;
  /** The moment that is asked about, milliseconds since the epoch. */
  readonly atMs: number;
}

/** A context, and how many of its questions were answered. */
export interface GatheredContext {
  readonly context: Omit<ServiceContext, "artifact">;
  readonly answered: number;
  readonly unanswered: number;
}

/**
 * Asks a metrics server what it knows of a process and of its service around a moment: values, what was usual at the same
 * hour of other days, growth. Takes ten seconds at most, and until `signal` is aborted; what is not known by then is said
 * to be missing. Never throws for what the server does or does not answer.
 */
export async function gatherContext(
  { server, atMs, ...hints }: ContextQuestion,
  clock: Clock,
  signal: AbortSignal,
): Promise<GatheredContext> {
  const questions = asker(server, atMs, clock, signal);
  const found = await whichSeries(hints, questions);
  if (isUnknown(found)) {
    const missing = levelQuestions("").map(({ name, when }) => ({ name, when, missing: found.unknown }));
    const nothing = { figures: [], missing, events: [], notes: [found.unknown] };
    return { context: { server: server.url, atMs, ...nothing }, ...questions.tally() };
  }
  const parts = await askAll(found, hints.service, questions, atMs);
  return {
    context: {
      server: server.url,
      atMs,
      service: selector(found.service),
      ...(found.process === undefined ? {} : { process: selector(found.process) }),
      ...parts,
      notes: [...found.notes, ...questions.warnings().map((text) => `Prometheus warns: ${text}`)],
    },
    ...questions.tally(),
  };
}

type Parts = Pick<ServiceContext, "startedAtMs" | "processes" | "figures" | "missing" | "events">;

async function askAll(
  found: FoundSeries,
  name: string | undefined,
  questions: Asker,
  atMs: number,
): Promise<Parts> {
  const service = selector(found.service);
  const podAsked = podOf(found.process, name, questions);
  const begins = await questions.ask(`process_start_time_seconds${service}`);
  const startedAtMs = startOf(begins, found.process);
  const rises =
    found.process === undefined
      ? []
      : riseQuestions(
          selector(found.process),
          startedAtMs === undefined ? undefined : Math.max(0, atMs - startedAtMs),
        );
  const levels = Promise.all(
    [...levelQuestions(service), ...rises].map((question) =>
      "tooYoung" in question
        ? Promise.resolve(tooYoung(question, atMs - (startedAtMs ?? atMs)))
        : reading(question, found, questions, atMs),
    ),
  );
  // What is asked first is asked even of a slow server, so the rest comes after it.
  const pod = await podAsked;
  const process = selector(found.process ?? found.service);
  const container = containerFigures(pod, questions, atMs);
  const spread = distributions(service, process, questions, atMs);
  const readings = [...(await levels), ...(await container), ...(await spread)];
  const missing = await historyOf(
    readings.flatMap((one) => ("missing" in one ? [one] : [])),
    service,
    questions,
    atMs,
  );
  const { events, restarts } = await happenings(
    {
      service: found.service,
      ...(found.process === undefined ? {} : { process: found.process }),
      ...(pod === undefined ? {} : { pod }),
      atMs,
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
      begins: beginsOf(begins),
      hasHistory: readings.some((one) => !("missing" in one) && isOfOtherDay(one.when)),
    },
    questions,
  );
  return {
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(isUnknown(begins) ? {} : { processes: begins.length }),
    figures: [...readings, restarts].flatMap((one) => ("missing" in one ? [] : [one])),
    missing: "missing" in restarts ? [...missing, restarts] : missing,
    events,
  };
}

function isOfOtherDay(when: FigureTime): boolean {
  return when === "yesterday" || when === "last-week";
}

function beginsOf(begins: readonly MetricSeries[] | Unknown): readonly number[] {
  if (isUnknown(begins)) return [];
  return begins.flatMap(({ points }) => {
    const seconds = points[0]?.value;
    return seconds === undefined || !Number.isFinite(seconds) ? [] : [Math.round(seconds * 1000)];
  });
}

function startOf(
  begins: readonly MetricSeries[] | Unknown,
  process: Readonly<Record<string, string>> | undefined,
): number | undefined {
  if (isUnknown(begins) || process === undefined) return undefined;
  const own = begins.filter(({ labels }) => isOf(labels, process));
  const seconds = own.length === 1 ? own[0]?.points[0]?.value : undefined;
  return seconds === undefined || !Number.isFinite(seconds) ? undefined : Math.round(seconds * 1000);
}

function tooYoung({ name, when }: TooYoung, ageMs: number): MissingFigure {
  return {
    name,
    when,
    missing: `the process began ${durationText(Math.max(0, ageMs))} before: too short a time for how fast it grows`,
  };
}

/** What came back for a question: the process's own series, else the highest of the service. */
async function reading(
  question: FigureQuestion,
  found: FoundSeries,
  questions: Asker,
  atMs: number,
): Promise<Figure | MissingFigure> {
  const { name, when, unit, expression, windowMs, looksFor } = question;
  const answer = await questions.ask(expression);
  const missing = (why: string): MissingFigure => ({ name, when, missing: why, query: expression });
  if (isUnknown(answer)) return missing(answer.unknown);
  if (answer.length === 0) return missing(`no series ${looksFor}`);
  const numbers = answer.flatMap(({ labels, points }) => {
    const value = points[0]?.value;
    return value === undefined || !Number.isFinite(value) ? [] : [{ labels, value }];
  });
  const own = numbers.filter(({ labels }) => found.process !== undefined && isOf(labels, found.process));
  const [only] = own;
  const isOwn = only !== undefined && own.length === 1;
  const value = isOwn ? only.value : highest(numbers);
  if (value === undefined) return missing(`${looksFor} is no number`);
  return {
    name,
    when,
    value,
    unit,
    atMs,
    ...(windowMs === undefined ? {} : { windowMs }),
    of: isOwn ? "process" : "service",
    query: expression,
  };
}

function highest(numbers: readonly { readonly value: number }[]): number | undefined {
  let most: number | undefined;
  for (const { value } of numbers) if (most === undefined || value > most) most = value;
  return most;
}

function isOf(labels: Readonly<Record<string, string>>, wanted: Matchers): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
