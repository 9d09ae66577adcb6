import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { PortError, UsageError } from "../../src/domain/errors.ts";
import type { MetricSeries } from "../../src/domain/metrics/metric-series.ts";
import { prometheusServers } from "../../src/integrations/prometheus/client.ts";
import type { MetricsServer } from "../../src/ports/metrics-server.ts";
import type { WebAccess } from "../../src/ports/web-access.ts";
import { type KeptMetrics, metricsServerContract } from "../contracts/metrics-server.ts";
import { fakeMetricsServer } from "../fakes/metrics-server.ts";
import { closed, httpServer, portOf } from "./pprof-server.ts";

const limits = { deadlineMs: 5_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

metricsServerContract("the fake", ({ found, targets }) =>
  Promise.resolve({ server: fakeMetricsServer(() => found, targets), close: () => Promise.resolve() }),
);

metricsServerContract("Prometheus' HTTP API", async (kept) => {
  const server = await httpServer((request, response) => {
    let form = "";
    request.on("data", (chunk: Buffer) => (form += chunk.toString()));
    request.on("end", () => {
      const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
      const asked = new URLSearchParams(search + form);
      const [start, end, step] = ["start", "end", "step"].map((name) => Number(asked.get(name)));
      const isTooFine = ((end ?? 0) - (start ?? 0)) / (step ?? 1) > 11_000;
      response.statusCode = isTooFine ? 400 : 200;
      const answer = isTooFine ? tooFine : wire(pathname, kept);
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  });
  return {
    server: prometheusServers().open(`http://127.0.0.1:${portOf(server)}`, {}),
    close: () => closed(server),
  };
});

const tooFine = {
  status: "error",
  errorType: "bad_data",
  error:
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
};

/** As prometheus/prometheus, web/api/v1, writes it. */
function wire(pathname: string, { found, targets }: KeptMetrics): object {
  if (pathname.endsWith("/targets")) {
    const activeTargets = targets.map((target) => ({ lastError: "", scrapePool: "order", ...target }));
    return { status: "success", data: { activeTargets, droppedTargets: [] } };
  }
  const isRange = pathname.endsWith("/query_range");
  const result = found.map(({ labels, points }) => ({
    metric: labels,
    ...(isRange ? { values: points.map(pair) } : { value: points.map(pair)[0] }),
  }));
  return { status: "success", data: { resultType: isRange ? "matrix" : "vector", result } };
}

function pair({ atMs, value }: MetricSeries["points"][number]): readonly [number, string] {
  return [atMs / 1000, goNumber(value)];
}

function goNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}

async function asking(listener: RequestListener, access: WebAccess = {}, path = ""): Promise<MetricsServer> {
  const server = await httpServer(listener);
  onTestFinished(() => closed(server));
  const client = prometheusServers({ userAgent: "gofire/test" }).open(
    `http://127.0.0.1:${portOf(server)}${path}`,
    access,
  );
  onTestFinished(() => client.close());
  return client;
}

async function refusal(listener: RequestListener, within = limits): Promise<PortError> {
  const client = await asking(listener);
  const error = await client.query("up", 0, within, never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PortError);
  return error as PortError;
}

describe("a question to Prometheus", () => {
  test("is a GET below the path that was configured, with time and timeout, and says who asks", async () => {
    const seen: { method: string | undefined; url: string; headers: object }[] = [];
    const client = await asking(
      ({ method, url = "", headers }, response) => {
        seen.push({ method, url, headers });
        response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
      },
      { credentials: { kind: "bearer", token: "t0ken" }, headers: { "X-Scope-OrgID": "shop" } },
      "/prometheus/",
    );
    await client.query('up{a="b c"}', 1_500, limits, never);
    await client.queryRange("up", { startMs: 0, endMs: 60_000, stepMs: 15_000 }, limits, never);
    const [first, second] = seen.map(({ url }) => new URL(url, "http://x"));
    expect(first?.pathname).toBe("/prometheus/api/v1/query");
    expect(Object.fromEntries(first?.searchParams ?? [])).toEqual({
      query: 'up{a="b c"}',
      time: "1.500",
      timeout: "5000ms",
    });
    expect(second?.pathname).toBe("/prometheus/api/v1/query_range");
    expect(Object.fromEntries(second?.searchParams ?? [])).toMatchObject({
      start: "0.000",
      end: "60.000",
      step: "15.000",
    });
    expect(seen[0]?.method).toBe("GET");
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer t0ken",
      "x-scope-orgid": "shop",
      "user-agent": "gofire/test",
    });
  });

  test("takes what the server says against its own answer along", async () => {
    const client = await asking((_, response) => {
      response.end(
        '{"status":"success","warnings":["store\\n10.0.0.7 did not answer"],"data":{"resultType":"scalar","result":[1,"2"]}}',
      );
    });
    expect(await client.query("2", 0, limits, never)).toEqual({
      series: [{ labels: {}, points: [{ atMs: 1_000, value: 2 }] }],
      warnings: ["store 10.0.0.7 did not answer"],
    });
  });

  test("is open no more than four times at once", async () => {
    let now = 0;
    let most = 0;
    const client = await asking((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
      }, 20);
    });
    await Promise.all(Array.from({ length: 20 }, () => client.query("up", 0, limits, never)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test.each([
    [
      400,
      "bad_data",
      'invalid parameter "query": 1:3: parse error',
      "bad-response",
      /bad_data \(HTTP 400\): invalid/,
    ],
    [422, "execution", "query processing would load too many samples", "bad-response", /too many samples/],
    [503, "timeout", "query timed out in expression evaluation", "unavailable", /timed out/],
    [500, "internal", "disk full", "unavailable", /disk full/],
  ])(
    "that Prometheus refuses with %i is told in its own words",
    async (status, errorType, error, code, words) => {
      const refused = await refusal((_, response) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ status: "error", errorType, error }));
      });
      expect(refused).toMatchObject({ code, message: expect.stringMatching(words) });
    },
  );

  test.each([
    [401, "<html>login</html>", "forbidden", /refuses us \(HTTP 401\).*auth/],
    [403, "no", "forbidden", /HTTP 403/],
    [404, "404 page not found", "not-found", /no Prometheus API/],
    [429, "", "rate-limited", /too many questions/],
    [502, "<html>Bad Gateway</html>", "unavailable", /HTTP 502/],
    [200, "<!doctype html><title>Login</title>", "bad-response", /no Prometheus \(HTTP 200.*no JSON/],
    [200, "", "bad-response", /no JSON/],
    [200, '{"status":"success","data":{"resultType":"vector","resu', "bad-response", /no JSON/],
    [200, "[]", "bad-response", /no JSON object/],
    [200, '{"status":"success"}', "bad-response", /holds no result/],
    [
      200,
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}',
      "bad-response",
      /Series 0/,
    ],
    [
      200,
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"2"]}]}}',
      "bad-response",
      /Series 0/,
    ],
    [
      200,
      '{"status":"success","data":{"resultType":"string","result":[1,"x"]}}',
      "bad-response",
      /neither vector nor matrix/,
    ],
  ])("answered with %i %j fails in words", async (status, body, code, words) => {
    const refused = await refusal((_, response) => {
      response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(body);
    });
    expect(refused).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  test("never follows a redirect, with or without credentials", async () => {
    const asked: string[] = [];
    const refused = await refusal((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(302, { location: "https://sso.internal/login?ticket=secret" }).end();
    });
    expect(refused).toMatchObject({
      code: "bad-response",
      message: expect.stringContaining("sso.internal/login"),
    });
    expect(refused.message).not.toContain("secret");
    expect(asked).toHaveLength(1);
  });

  test("stops reading an answer that is too large, compressed or not", async () => {
    let sent = 0;
    const flood = await refusal((_, response) => {
      const chunk = Buffer.alloc(64 << 10, " ");
      function more(): void {
        while (sent < 64 << 20 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      }
      more();
    });
    expect(flood).toMatchObject({ code: "bad-response", message: expect.stringContaining("larger than") });
    expect(sent).toBeLessThan(32 << 20);
    const bomb = await refusal((_, response) => {
      response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(64 << 20, " ")));
    });
    expect(bomb).toMatchObject({ code: "bad-response", message: expect.stringContaining("larger than") });
  });

  test("is given up when nobody answers in time, and when the connection breaks", async () => {
    const late = await refusal(() => {}, { ...limits, deadlineMs: 100 });
    expect(late).toMatchObject({ code: "timeout" });
    const broken = await refusal((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"status":');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    });
    expect(broken).toMatchObject({ code: "unavailable" });
  });

  test("is not put where the address cannot be one", () => {
    expect(opening("prometheus:9090")).toThrow(UsageError);
    expect(opening("ftp://prometheus")).toThrow(/no URL of a Prometheus/);
    expect(opening("http://ana:hunter2@prometheus")).toThrow(/under auth/);
    expect(opening("http://ana:hunter2@prometheus")).not.toThrow(/hunter2/);
  });
});

function opening(url: string): () => MetricsServer {
  return () => prometheusServers().open(url, {});
}
