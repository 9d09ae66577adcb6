import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { analyzers } from "../../src/analyzers/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import { type GatheredContext, gatherContext } from "../../src/capture/context/gather.ts";
import { ownCode } from "../../src/domain/code/own-code.ts";
import { figure, whyMissing } from "../../src/domain/context/service-context.ts";
import { PortError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { prometheusServers } from "../../src/integrations/prometheus/client.ts";
import type { WebAccess } from "../../src/ports/web-access.ts";
import { healthy, reasonOf, run } from "../capture/scripted.ts";
import { closed, httpServer, listening, portOf } from "./pprof-server.ts";

/**
 * The real client against a real server that fails in every way that a Prometheus, or what stands before it, does: what
 * comes of it is a reason, never a number and never a wait without end.
 */

const x2 = { job: "order", instance: "10.0.0.5:6060" };
const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function served(listener: RequestListener): Promise<string> {
  const server = await httpServer(listener);
  cleanups.push(() => closed(server));
  return `http://127.0.0.1:${portOf(server)}`;
}

async function gathered(
  url: string,
  access: WebAccess = {},
  atMs: number = Date.now(),
): Promise<GatheredContext> {
  const server = prometheusServers().open(url, access);
  try {
    return await gatherContext(
      { server, atMs, service: "order", names: ["10.0.0.5:6060"] },
      systemClock,
      never,
    );
  } finally {
    await server.close();
  }
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: string];

/** As web/api/v1 of Prometheus writes a vector of the moment that was asked about. */
function vector(request: IncomingMessage, samples: readonly Sample[], more: object = {}, shiftS = 0): string {
  const time = Number(parameter(request, "time")) + shiftS;
  const result = samples.map(([metric, value]) => ({ metric, value: [time, value] }));
  return JSON.stringify({ status: "success", ...more, data: { resultType: "vector", result } });
}

function parameter(request: IncomingMessage, name: string): string {
  return new URL(request.url ?? "/", "http://prometheus.test").searchParams.get(name) ?? "";
}

function apiError(status: number, errorType: string, error: string): RequestListener {
  return (_, response) => {
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ status: "error", errorType, error }));
  };
}

/** The series are found, and everything else fails. */
function afterDiscovery(failing: RequestListener): RequestListener {
  return (request, response) => {
    if (parameter(request, "query").includes(" or go_goroutines{")) {
      response.end(vector(request, [[{ __name__: "go_goroutines", ...x2 }, "12"]]));
    } else {
      failing(request, response);
    }
  };
}

/** A rule that needs what is missing: what a person reads of it. */
function reasonOfThreads({ context }: GatheredContext): string {
  const { findings, checks } = runAnalyzers(
    analyzers,
    { context: { artifact: "context.json", ...context } },
    { service: "order", own: ownCode([]) },
    { rules: ["process/threads"] },
  );
  expect(findings).toEqual([]);
  expect(checks).toMatchObject([{ state: "inconclusive" }]);
  return checks[0]?.reason ?? "";
}

/** In an answer that may have 4 MiB. */
const tooLarge = Buffer.alloc(5 << 20, " ");
const packed = gzipSync(tooLarge);

const failures: readonly (readonly [name: string, listener: RequestListener, reason: RegExp])[] = [
  [
    "503 with its own error",
    apiError(503, "unavailable", "query queue is full"),
    /answers unavailable \(HTTP 503\): query queue is full/,
  ],
  [
    "429 of what guards it",
    (_, response) => response.writeHead(429, { "retry-after": "30" }).end("slow down"),
    /it has too many questions to answer \(HTTP 429\)/,
  ],
  [
    "400 for the query",
    apiError(400, "bad_data", "1:5: parse error: unexpected identifier"),
    /answers bad_data \(HTTP 400\): 1:5: parse error/,
  ],
  [
    "200 with status error",
    apiError(200, "execution", "found duplicate series for the match group"),
    /answers execution \(HTTP 200\): found duplicate series/,
  ],
  [
    "half an answer, then a reset",
    (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"9',
      );
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
    /connection/,
  ],
  [
    "half an answer that calls itself whole",
    (_, response) => response.end('{"status":"success","data":{"resultType":"vector","result":[{"metr'),
    /no Prometheus \(HTTP 200\): The answer is no JSON/,
  ],
  [
    "a page to log in at",
    (_, response) =>
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end("<!doctype html><title>Sign in</title>"),
    /no Prometheus \(HTTP 200, text\/html\)/,
  ],
  ["an answer that is too large", (_, response) => response.end(tooLarge), /larger than the limit of 4 MiB/],
  [
    "a small answer that unpacks to a large one",
    (_, response) => response.setHeader("content-encoding", "gzip").end(packed),
    /larger than the limit of 4 MiB/,
  ],
  [
    "another moment, from a cache",
    (request, response) => response.end(vector(request, [[{ ...x2 }, "99"]], {}, -3_600)),
    /answers about a moment that is 1 h away from the one asked about/,
  ],
];

describe.concurrent("a Prometheus that answers every question with", () => {
  test.each(failures)("%s leaves a reason and no number", async (_name, listener, reason) => {
    const asked = { count: 0 };
    const url = await served((request, response) => {
      asked.count++;
      listener(request, response);
    });
    const result = await gathered(url);
    expect(result.context.figures).toEqual([]);
    expect(result.context.notes[0]).toMatch(reason);
    expect(reasonOfThreads(result)).toMatch(reason);
    expect(result).toMatchObject({ answered: 0, unanswered: 1 });
    expect(asked.count).toBe(1);
  });

  test.each(failures)(
    "%s, after the first, leaves a reason and no number",
    async (_name, listener, reason) => {
      const result = await gathered(await served(afterDiscovery(listener)));
      expect(result.context.figures).toEqual([]);
      expect(reasonOfThreads(result)).toMatch(reason);
      expect(whyMissing(result.context, "goroutines", "last-week")).toMatch(reason);
      expect(result.answered).toBe(1);
      // Every question would have been answered like that.
      expect(result.unanswered).toBeLessThan(16);
    },
  );
});

describe.concurrent("a Prometheus that takes its time", () => {
  test.each([
    ["says nothing", () => {}],
    [
      "drips its answer",
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { "content-type": "application/json" });
        const drip = setInterval(() => response.write(" "), 100);
        response.on("close", () => clearInterval(drip));
      },
    ],
  ])("and %s is left alone after a few questions", async (_name, listener) => {
    let asked = 0;
    const result = await gathered(
      await served(
        afterDiscovery((request, response) => {
          asked++;
          listener(request, response);
        }),
      ),
    );
    expect(asked).toBeLessThanOrEqual(8);
    expect(result.context.figures).toEqual([]);
    expect(reasonOfThreads(result)).toMatch(/Prometheus did not answer within 3 s/);
  });

  test("costs a capture two seconds at most, whatever it does", async () => {
    const server = prometheusServers().open(await served(() => {}), {});
    cleanups.push(() => server.close());
    // Its clock is a stand-in: two seconds of its own are all that the capture waits, however long the server is silent.
    const made = await run(healthy, { context: { server } });
    expect(made.outcome.ending).toBe("complete");
    expect(reasonOf(made, "context")).toContain("the capture was over before Prometheus had answered");
  });
});

describe.concurrent("numbers that are none", () => {
  test.each(["NaN", "+Inf", "-Inf"])("such as %s are missing, and say so", async (value) => {
    const url = await served(
      afterDiscovery((request, response) => response.end(vector(request, [[x2, value]]))),
    );
    const { context } = await gathered(url);
    expect(context.figures).toEqual([]);
    expect(whyMissing(context, "threads", "now")).toBe('go_threads{job="order"} is no number');
  });

  test("an empty answer is no zero", async () => {
    const { context } = await gathered(
      await served(afterDiscovery((request, response) => response.end(vector(request, [])))),
    );
    expect(context.figures).toEqual([]);
    expect(whyMissing(context, "open-fds", "now")).toBe('no series process_open_fds{job="order"}');
    expect(whyMissing(context, "goroutines", "last-week")).toMatch(
      /^Prometheus has less than an hour of history/,
    );
  });

  test("of several series where one was expected the highest counts, as the service's, and warnings are told", async () => {
    const copies: readonly Sample[] = ["a", "b"].map((replica) => [
      { ...x2, replica },
      replica === "a" ? "30" : "31",
    ]);
    const { context } = await gathered(
      await served(
        afterDiscovery((request, response) =>
          response.end(
            vector(request, copies, {
              warnings: ["receive store 10.0.0.9:10901 did not answer"],
              infos: ["PromQL info: metric might not be a counter"],
            }),
          ),
        ),
      ),
    );
    expect(figure(context, "threads")).toMatchObject({ value: 31, of: "service" });
    expect(context.notes).toContain("Prometheus warns: receive store 10.0.0.9:10901 did not answer");
  });
});

function pem(name: string): string {
  return readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), "utf8");
}

describe.concurrent("credentials", () => {
  const known = afterDiscovery((request, response) => response.end(vector(request, [[x2, "30"]])));
  /** Lets in who has this header. */
  const guarded =
    (authorization: string): RequestListener =>
    (request, response) => {
      if (request.headers.authorization === authorization) known(request, response);
      else response.writeHead(401, { "www-authenticate": "Basic" }).end("Unauthorized");
    };

  test.each([
    ["a token", "Bearer t0ken", { kind: "bearer", token: "t0ken" }],
    [
      "a name and password",
      `Basic ${Buffer.from("gofire:s3cret").toString("base64")}`,
      { kind: "basic", username: "gofire", password: "s3cret" },
    ],
  ] as const)("%s let in, and without them it says so once", async (_name, header, credentials) => {
    const url = await served(guarded(header));
    expect(figure((await gathered(url, { credentials })).context, "threads")).toMatchObject({ value: 30 });
    const refused = await gathered(url);
    expect(refused.context.notes[0]).toMatch(
      /it refuses us \(HTTP 401\): see auth of prometheus in gofire.yaml/,
    );
    expect(refused.unanswered).toBe(1);
  });

  test("never follow a redirect", async () => {
    const elsewhere: string[] = [];
    const thief = await served((request, response) => {
      elsewhere.push(request.headers.authorization ?? "");
      known(request, response);
    });
    for (const status of [301, 302, 307, 308]) {
      const url = await served((request, response) => {
        response.writeHead(status, { location: `${thief}${request.url}` }).end();
      });
      const { context } = await gathered(url, { credentials: { kind: "bearer", token: "t0ken" } });
      expect(context.figures).toEqual([]);
      expect(context.notes[0]).toMatch(/it redirects to http.*, which is not followed/);
    }
    expect(elsewhere).toEqual([]);
  });

  test("an authority of one's own is trusted when it is named, and its absence is told", async () => {
    const server = createServer({ cert: pem("server"), key: pem("server.key") }, known);
    await listening(server);
    cleanups.push(() => closed(server));
    const url = `https://127.0.0.1:${portOf(server)}`;
    expect(figure((await gathered(url, { tls: { ca: pem("ca") } })).context, "threads")).toMatchObject({
      value: 30,
    });
    const { context } = await gathered(url);
    expect(context.figures).toEqual([]);
    expect(context.notes[0]).toMatch(/TLS: .*authority/);
  });
});

test("nobody at its address is told, and what answers is no Prometheus at all", async () => {
  // tcpmux: a port that is never handed out.
  const { context } = await gathered("http://127.0.0.1:1");
  expect(context.notes[0]).toMatch(/connection refused/);
  const foreign = prometheusServers().open(
    await served((_, response) => response.writeHead(404).end("nginx")),
    {},
  );
  cleanups.push(() => foreign.close());
  await expect(
    foreign.query("up", Date.now(), { deadlineMs: 5_000, maxBytes: 1 << 20 }, never),
  ).rejects.toThrow(PortError);
});
