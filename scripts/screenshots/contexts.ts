import type {
  Figure,
  FigureName,
  FigureTime,
  FigureUnit,
  ServiceContext,
} from "../../src/domain/context/service-context.ts";

const hourMs = 3_600_000;

/** A context that a Prometheus would give: `figures` by name, with what was usual last week and yesterday. */
export function contextOf(
  atMs: number,
  figures: Partial<Record<FigureName, readonly [now: number, lastWeek?: number, yesterday?: number]>>,
  rest: Partial<ServiceContext> = {},
): ServiceContext {
  const of = (name: FigureName, when: FigureTime, value: number): Figure => ({
    name,
    when,
    value,
    unit: units[name] ?? "count",
    atMs,
    of: "process",
    query: `go_${name}{job="order"}`,
  });
  return {
    artifact: "context.json.gz",
    server: "http://prometheus.internal:9090",
    atMs,
    service: '{job="order"}',
    process: '{job="order",instance="10.0.0.5:6060"}',
    processes: 3,
    missing: [],
    events: [],
    notes: [],
    ...rest,
    figures: [
      ...Object.entries(figures).flatMap(([name, [now, lastWeek, yesterday]]) => [
        of(name as FigureName, "now", now),
        ...(lastWeek === undefined ? [] : [of(name as FigureName, "last-week", lastWeek)]),
        ...(yesterday === undefined ? [] : [of(name as FigureName, "yesterday", yesterday)]),
      ]),
      ...(rest.figures ?? []),
    ],
  };
}

const units: Partial<Record<FigureName, FigureUnit>> = {
  goroutines: "goroutines",
  cpu: "cores",
  "resident-memory": "bytes",
  throttled: "ratio",
};

/** A rise of goroutines over a quarter of an hour. */
export function rising(atMs: number, perMinute: number): Figure {
  return {
    name: "goroutines",
    when: "rise-15m",
    value: perMinute / 60,
    unit: "goroutines",
    atMs,
    windowMs: hourMs / 4,
    of: "process",
    query: 'deriv(go_goroutines{job="order"}[15m])',
  };
}

/** A deploy, and a container that was killed and began anew. */
export function troubled(atMs: number): ServiceContext["events"] {
  const common = { count: 1, windowMs: hourMs, inferred: false, query: "" };
  return [
    { ...common, kind: "oom-kill", atMs: atMs - 4 * 60_000, detail: "" },
    { ...common, kind: "restart", count: 2, atMs: atMs - 4 * 60_000, detail: "" },
    { ...common, kind: "deploy", atMs: atMs - 14 * 60_000, detail: "replica set order-7c9f8d" },
  ];
}
