import type { Frame } from "../../domain/code/frame.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import {
  countIn,
  growthText,
  growthThresholds,
  isGrowing,
  pileExcerpt,
  pileUp,
  seriesExcerpt,
} from "../../domain/goroutines/pile-up.ts";
import { type ConnectionKeeper, connectionKeepers } from "../../domain/http/connection-keepers.ts";
import { type HttpCaller, httpCallers } from "../../domain/http/http-callers.ts";
import { type HttpClientRole, httpClientRole } from "../../domain/http/http-client-roles.ts";
import { bytesText, counted, countText } from "../../domain/units.ts";

export const httpTransportLeak = defineAnalyzer({
  meta: {
    id: "http/transport-leak",
    title: "A new http.Transport for every request",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["heap", "cpu"],
    symptomOf: [],
    thresholds: {
      idle: {
        default: 20,
        unit: "count",
        meaning: "idle client connections",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      shared: {
        default: 100,
        unit: "count",
        meaning: "idle connections that http.DefaultTransport keeps at most (MaxIdleConns)",
        source: "https://go.dev/src/net/http/transport.go (DefaultTransport)",
      },
      idlePerRequest: {
        default: 4,
        unit: "ratio",
        meaning: "idle connections for each request on the way, above which they are not its spare ones",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      critical: {
        default: 10_000,
        unit: "count",
        meaning: "idle connections that make the leak critical",
        source: "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Idle HTTP client connections whose number grows although few requests are on the way. A shared Transport would use its idle connections again; connections that nobody uses again belong to Transports that were made for one request.",
      why: "A zero Transport keeps idle connections without limit of number (MaxIdleConns 0) and time (IdleConnTimeout 0): each costs two goroutines, 8 KiB of buffers and a descriptor until the server closes it.",
      next: "Make one http.Client or http.Transport for the life of the process and share it. Set IdleConnTimeout on it, and MaxIdleConnsPerHost to the number of requests at a time.",
      falsePositives:
        "A shared Transport that has just served a burst, with MaxIdleConnsPerHost raised above the default of 2, also has more idle connections than before; then the growth stops.",
      corrections: [
        {
          claim: "Every new http.Client makes a Transport of its own.",
          fact: "A Client whose Transport is nil uses http.DefaultTransport, which all such clients share; the leak is a new http.Transport.",
          source: "https://go.dev/src/net/http/client.go (Client.transport)",
        },
        {
          claim: "MaxIdleConnsPerHost is 100 and IdleConnTimeout 30 s by default.",
          fact: "MaxIdleConnsPerHost is 2 by default; IdleConnTimeout is 90 s in DefaultTransport and unlimited in a zero Transport.",
          source: "https://go.dev/src/net/http/transport.go (DefaultMaxIdleConnsPerHost, DefaultTransport)",
        },
      ],
      references: ["https://go.dev/src/net/http/transport.go", "https://pkg.go.dev/net/http#Transport"],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, heap, target } = evidence;
    const counts = goroutines.series.map(idleConnections);
    const idle = idleConnections(goroutines.best);
    const busy = Math.max(1, ...[goroutines.best, ...goroutines.series].map(requestsOnTheWay));
    if (idle < limits.idle || idle < busy * limits.idlePerRequest) return [];
    const grows = isGrowing(counts, goroutines.windowMs, limits);
    const pile = pileUp(goroutines, isIdleConnection);
    const old = pile.aged > 0 && idle > limits.shared && pile.oldestMinutes >= oldMinutes;
    if (!grows && !old) return [];

    const callers = httpCallers(evidence);
    const [keeper] = connectionKeepers(callers, evidence, target.own);
    const [caller] = callers;
    const groups = goroutines.best.groups.filter(isPart);
    const growth = growthText({ ...pile, count: idle, counts }, "idle connections");
    const suspect = (keeper ?? caller)?.where[0]?.function;
    return [
      {
        severity: idle >= limits.critical ? "critical" : "warning",
        confidence: grows ? "likely" : "possible",
        title: grows
          ? `${counted(idle, "idle client connection")}, more with every request`
          : `${counted(idle, "idle client connection")}, the oldest for ${pile.oldestMinutes} min`,
        summary: [
          grows
            ? `The number of idle HTTP client connections grows (${growth}) while at most ${counted(busy, "request is", "requests are")} on the way.`
            : `${countText(idle)} HTTP client connections are idle, more than http.DefaultTransport keeps, and for longer than its 90 s.`,
          "A shared Transport would use them again, so they probably belong to Transports made for one request each.",
          suspicion(keeper, callers, heap !== undefined),
        ].join(" "),
        measured: { value: idle, limit: limits.idle, unit: "connections" },
        where: keeper?.where ?? caller?.where ?? libraryFrame(groups),
        waitReason: "IO wait",
        groups,
        evidence: [
          pileExcerpt(goroutines.best.artifact, groups, (group) => group.stack.find(isConnectionLoop)),
          ...(grows ? seriesExcerpt(goroutines.series, growth) : []),
          ...keeperExcerpt(keeper, heap?.at(-1)?.artifact),
        ],
        next: [
          suspect === undefined
            ? "Look for code that makes an http.Transport (or clones one) for every request, and share one instead."
            : `Check whether ${suspect} makes an http.Transport (or clones one) for every request, and share one instead.`,
          "Set IdleConnTimeout on every Transport of your own: its zero value never closes an idle connection.",
          `What is kept for each connection: go tool pprof -top -sample_index=inuse_objects ${heap?.at(-1)?.artifact ?? "heap.pb.gz"}`,
        ],
      },
    ];
  },
});

/**
 * DefaultTransport closes idle connections after 90 s, so a connection that waits for longer is not one of its. By a dump it
 * may look up to two minutes older than it is (docs/decisions/0047-ages-in-dumps.md).
 */
const oldMinutes = 4;

/**
 * An HTTP/1 connection that waits for an answer reads as an idle one does; the difference is idle. A shared Transport
 * needs one HTTP/2 connection for a host, so all of them count.
 */
function idleConnections(snapshot: GoroutineSnapshot): number {
  const alone = countIn(snapshot, has("reads-connection")) - countIn(snapshot, has("awaits-response"));
  return Math.max(0, alone) + countIn(snapshot, has("reads-shared-connection"));
}

function requestsOnTheWay(snapshot: GoroutineSnapshot): number {
  return countIn(snapshot, (group) => onTheWay.has(httpClientRole(group)));
}

const onTheWay: ReadonlySet<HttpClientRole | undefined> = new Set<HttpClientRole>([
  "awaits-response",
  "awaits-stream-response",
  "open-body",
  "open-stream",
]);

function has(role: HttpClientRole): (group: GoroutineGroup) => boolean {
  return (group) => httpClientRole(group) === role;
}

function isIdleConnection(group: GoroutineGroup): boolean {
  const role = httpClientRole(group);
  return role === "reads-connection" || role === "reads-shared-connection";
}

function isPart(group: GoroutineGroup): boolean {
  return isIdleConnection(group) || httpClientRole(group) === "writes-requests";
}

function isConnectionLoop({ function: symbol }: Frame): boolean {
  return /^net\/http\.\(\*persistConn\)\.(?:readLoop|writeLoop)$|http2(?:\.\(\*)?clientConnReadLoop\)\.run$/.test(
    symbol,
  );
}

function libraryFrame(groups: readonly GoroutineGroup[]): Frame[] {
  const frame = groups[0]?.stack.find(isConnectionLoop);
  return frame === undefined ? [] : [frame];
}

function suspicion(
  keeper: ConnectionKeeper | undefined,
  callers: readonly HttpCaller[],
  hasHeap: boolean,
): string {
  const keeps = keeper?.where[0]?.function;
  if (keeper !== undefined && keeps !== undefined) {
    return `That ${keeps} makes them is inferred: on the way to an HTTP request it allocated ${bytesText(keeper.inuseBytes)} that stay in memory.`;
  }
  const calls = callers[0]?.where[0]?.function;
  if (calls === undefined) {
    return `No capture shows which own function made the requests${hasHeap ? "" : "; a heap profile may tell"}.`;
  }
  return callers.length === 1
    ? `That ${calls} makes them is inferred: it is the only own function seen making HTTP requests.`
    : `Which of ${counted(callers.length, "own function")} that make HTTP requests makes them is not known; ${calls} makes most requests.`;
}

function keeperExcerpt(keeper: ConnectionKeeper | undefined, artifact: string | undefined) {
  if (keeper === undefined || artifact === undefined) return [];
  const name = keeper.where[0]?.function;
  return [
    {
      artifact,
      excerpt: `${bytesText(keeper.inuseBytes)} in ${counted(keeper.inuseObjects, "object")} in use, allocated by ${name}`,
    },
  ];
}
