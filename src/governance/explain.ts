import type {
  ConfigChange,
  ConfigHistoryFacts,
  Explains,
  JudgedChange,
  PublishedConfig,
} from "../domain/configuration/config-change.ts";
import { suspectWithinMs } from "../domain/context/service-context.ts";
import type { Finding } from "../domain/findings/finding.ts";
import { type KeyKind, keyKinds, wordsOf } from "./key-kinds.ts";
import { direction, unquoted } from "./quantity.ts";

type Judged = Pick<Finding, "id" | "rule" | "severity" | "title" | "summary" | "where">;

interface Row {
  readonly rules: readonly string[];
  readonly keys: readonly KeyKind[];
  /** Which way the value has to have gone, where it can be told; absent: either. */
  readonly when?: "less" | "more";
  readonly reason: string;
}

const pools = ["pool/exhausted", "pool/nested-acquire", "sql/pool-exhausted", "http/conn-queue"];
const piles = [
  "goroutine/blocked-site",
  "goroutine/count",
  "goroutine/growth",
  "goroutine/lock-holder",
  "goroutine/mutex-pileup",
  "goroutine/rwmutex-starvation",
];
const remotes = ["dns/slow-lookup", "http/slow-upstream", "tls/handshake-stall"];
const collectors = ["gc/gogc-thrash", "gc/memory-limit-thrash", "gc/pause-p99"];

/**
 * Which settings can lead to which findings; the first row that fits counts. All of it is inferred from what settings are
 * called. Idle limits by themselves never make a caller wait (src/analyzers/pool-exhausted has the sources).
 */
const rows: readonly Row[] = [
  { rules: pools, keys: ["pool-size"], when: "less", reason: "a smaller pool has callers wait sooner" },
  {
    rules: piles,
    keys: ["pool-size"],
    when: "less",
    reason: "who waits for a smaller pool piles up, with what it holds meanwhile",
  },
  {
    rules: pools,
    keys: ["idle-connections"],
    when: "less",
    reason:
      "with fewer idle connections each use dials anew and holds its place for longer; an idle limit alone makes nobody wait",
  },
  {
    rules: [...pools, ...remotes, "http/slow-clients", "http/slow-headers"],
    keys: ["timeout"],
    reason: "a timeout decides how long a slow call keeps its place",
  },
  {
    rules: [...piles, "goroutine/chan-receive-leak", "goroutine/chan-send-leak", "goroutine/context-leak"],
    keys: ["timeout"],
    reason: "without a timeout in time, calls that hang stay",
  },
  {
    rules: [...remotes, ...pools],
    keys: ["address"],
    reason: "another address may answer more slowly, or not at all",
  },
  { rules: ["tls/handshake-stall", "http/slow-upstream"], keys: ["tls"], reason: "handshakes depend on it" },
  { rules: collectors, keys: ["gc"], when: "less", reason: "a lower GOGC has the collector run more often" },
  {
    rules: collectors,
    keys: ["memory-limit"],
    when: "less",
    reason: "near a lower memory limit the collector runs all the time",
  },
  {
    rules: ["process/restarts", "process/rss-over-heap"],
    keys: ["memory-limit"],
    when: "less",
    reason: "a process is killed at a lower limit sooner",
  },
  {
    rules: ["heap/growth", "process/rss-over-heap", "process/restarts"],
    keys: ["gc", "memory-limit"],
    when: "more",
    reason: "the heap may grow further before it is collected",
  },
  {
    rules: ["heap/growth", ...collectors],
    keys: ["cache", "workers"],
    when: "more",
    reason: "more of it stays in memory",
  },
  {
    rules: ["sched/cpu-throttling", "sched/latency", "gc/pause-p99"],
    keys: ["cpu"],
    reason: "it decides how much of the CPU the process gets, and how many threads share it",
  },
  {
    rules: ["sched/gomaxprocs-over-quota"],
    keys: ["cpu"],
    reason: "GOMAXPROCS and the CPU limit have to fit each other",
  },
  {
    rules: [
      ...piles,
      "goroutine/chan-send-leak",
      "heap/goroutine-memory",
      "process/threads",
      "sched/latency",
    ],
    keys: ["workers"],
    reason: "it decides how many work at once, or wait",
  },
  {
    rules: ["log/lock-blocked", "cpu/serialization", "goroutine/lock-holder", "goroutine/mutex-pileup"],
    keys: ["log"],
    reason: "more log lines go through the logger's lock",
  },
  {
    rules: ["http/h2-stream-limit"],
    keys: ["http2-streams"],
    when: "less",
    reason: "fewer streams share a connection",
  },
  {
    rules: ["process/fd-exhaustion"],
    keys: ["open-files", "pool-size", "idle-connections"],
    reason: "it decides how many descriptors there may be, or are used",
  },
];

/** Other code explains anything. */
const image = "another version of the code runs since";

/** Every rule that the table names. */
export const explainedRules: readonly string[] = [...new Set(rows.flatMap(({ rules }) => rules))];

/** A judgement, and what changed beside it, with the findings that it could explain. */
export function withConfig<Judgement extends { readonly findings: readonly Judged[] }>(
  judgement: Judgement,
  facts: ConfigHistoryFacts | undefined,
): Judgement & { readonly config?: PublishedConfig } {
  return facts === undefined ? judgement : { ...judgement, config: judgedConfig(facts, judgement.findings) };
}

function judgedConfig(
  { artifact: _artifact, ...facts }: ConfigHistoryFacts,
  findings: readonly Judged[],
): PublishedConfig {
  const bad = findings.filter(({ severity }) => severity !== "info");
  return {
    ...facts,
    revisions: facts.revisions.map((revision) => {
      const isSuspect = facts.atMs - revision.atMs <= suspectWithinMs;
      const changes = revision.changes.map((change): JudgedChange => {
        const couldExplain = isSuspect ? explanation(change, bad) : undefined;
        return couldExplain === undefined ? change : { ...change, couldExplain };
      });
      return { ...revision, changes };
    }),
  };
}

/** Of the first finding that it fits: they stand root first. */
function explanation(change: ConfigChange, findings: readonly Judged[]): Explains | undefined {
  const kinds = keyKinds(change.path);
  for (const finding of findings) {
    if (kinds.has("image")) return { finding: finding.id, reason: image };
    if (isElsewhere(change, finding)) continue;
    const row = rows.find(
      ({ rules, keys, when }) =>
        rules.includes(finding.rule) && keys.some((key) => kinds.has(key)) && went(change, when, finding),
    );
    if (row !== undefined) return { finding: finding.id, reason: row.reason };
  }
  return undefined;
}

/** What cannot be told from the values may have gone either way. */
function went(change: ConfigChange, wanted: Row["when"], finding: Judged): boolean {
  if (wanted === undefined || change.kind !== "changed") return true;
  // MaxActive 0 is no limit (github.com/gomodule/redigo, redis/pool.go).
  if (wanted === "less" && unquoted(change.to) === "0" && /redigo/.test(textOf(finding))) return false;
  const way = direction(change.from, change.to);
  return way === undefined || way === wanted;
}

/** Names of what services depend on; several words for the same. */
const dependencies: readonly RegExp[] = [
  /redis|redigo|valkey/,
  /sql|postgres|mysql|pgx|_pg_|_db_|database/,
  /mongo/,
  /kafka|sarama/,
  /grpc/,
  /rabbit|amqp/,
  /elastic|opensearch/,
];

/** The setting names one dependency and the finding another. */
function isElsewhere({ path, file }: ConfigChange, finding: Judged): boolean {
  const own = dependenciesIn(`${wordsOf(file)}${wordsOf(path)}`);
  const found = dependenciesIn(textOf(finding));
  return own.length > 0 && found.length > 0 && !own.some((one) => found.includes(one));
}

function dependenciesIn(text: string): readonly RegExp[] {
  return dependencies.filter((name) => name.test(text));
}

function textOf({ title, summary, where }: Judged): string {
  return [title, summary, ...where.map((frame) => frame.function)].join(" ").toLowerCase();
}
