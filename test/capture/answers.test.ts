import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { explainRefusal, type Refusal, unlikeCapture } from "../../src/capture/answers.ts";

function refusal(rest: Partial<Refusal>): Refusal {
  return { kind: "heap", status: 500, fromGoPprof: false, contentType: "text/plain", text: "", ...rest };
}

describe("a refusal", () => {
  // The texts are those of Go source net/http/pprof/pprof.go.
  test.each<[Partial<Refusal>, string, RegExp]>([
    [
      { status: 404, fromGoPprof: true, kind: "goroutineleak", text: "Unknown profile\n" },
      "unknown-profile",
      /^this process has no goroutineleak profile \(404 Unknown profile\)$/,
    ],
    [
      {
        status: 500,
        fromGoPprof: true,
        kind: "cpu",
        text: "Could not enable CPU profiling: cpu profiling already in use\n",
      },
      "busy",
      /one at a time \(a continuous profiler/,
    ],
    [
      {
        status: 500,
        fromGoPprof: true,
        kind: "trace",
        text: "Could not enable tracing: tracing is already enabled\n",
      },
      "busy",
      /another execution trace.*already enabled/,
    ],
    [
      {
        status: 400,
        fromGoPprof: true,
        kind: "cpu",
        text: "profile duration exceeds server's WriteTimeout\n",
      },
      "window-too-long",
      /WriteTimeout/,
    ],
    [
      { status: 400, fromGoPprof: true, text: "seconds and debug params are incompatible\n" },
      "refused",
      /^pprof answered 400: seconds and debug params are incompatible$/,
    ],
    [{ status: 404, kind: "index", text: "404 page not found\n" }, "not-routed", /DefaultServeMux only/],
    [{ status: 404, kind: "metrics" }, "not-routed", /another port or path/],
    [{ status: 404, kind: "cpu" }, "not-routed", /^404: no handler for it at this path$/],
    [{ status: 401 }, "no-access", /^401: the target wants credentials, or refuses/],
    [{ status: 403, server: "istio-envoy" }, "no-access", /^403: access is forbidden from istio-envoy/],
    [{ status: 405 }, "refused", /GET is not allowed/],
    [{ status: 407 }, "not-the-target", /the proxy wants credentials/],
    [{ status: 429 }, "refused", /too many requests/],
    [{ status: 502, server: "nginx" }, "not-the-target", /^502 from nginx: a proxy or the platform answered/],
    [
      { status: 301, location: "https://a.test/x" },
      "elsewhere",
      /redirects to https:\/\/a\.test\/x; not followed/,
    ],
    [{ status: 204 }, "refused", /^204 instead of 200: this is no whole answer of pprof's$/],
    [{ status: 206, text: "\u001f\u008b\u0008\u0000" }, "refused", /^206 instead of 200/],
    [{ status: 500, text: "\u001f\ufffd\u0008\u0000x" }, "refused", /^500: bytes that are no text$/],
    [{ status: 304 }, "elsewhere", /^304 without saying where to$/],
    [
      { status: 400, text: "Client sent an HTTP request to an HTTPS server.\n" },
      "elsewhere",
      /^400: this port speaks TLS; ask with https:\/\/$/,
    ],
  ])("%j means %s", (rest, meaning, words) => {
    const explanation = explainRefusal(refusal(rest));
    expect(explanation.meaning).toBe(meaning);
    expect(explanation.reason).toMatch(words);
  });

  test("quotes one short line without control characters", () => {
    const { reason } = explainRefusal(
      refusal({ status: 500, text: `\u001b[2Jpanic ${"x".repeat(500)}\nmore` }),
    );
    expect(reason).toMatch(/^500: +\[2Jpanic x+…$/);
    expect(reason.length).toBeLessThan(180);
  });
});

describe("a 200", () => {
  test.each([
    ["heap", "application/octet-stream", gzipSync("profile")],
    ["goroutine", "application/octet-stream", Buffer.from([0x0a, 0x04, 0x08, 0x01])],
    ["goroutine-dump", "text/plain", Buffer.from("goroutine 1 [running]:\n")],
    ["goroutine-counts", "text/plain", Buffer.from("goroutine profile: total 9\n")],
    ["heap-text", "text/plain", Buffer.from("heap profile: 1: 2 [3: 4] @ heap/1048576\n")],
    ["metrics", "text/plain", Buffer.from("# HELP go_goroutines ...\n")],
    ["cmdline", "text/plain", new Uint8Array()],
    // What a framework calls HTML because nobody told it better.
    ["heap", "text/html", gzipSync("x")],
    ["metrics", "text/html", Buffer.from("# HELP go_goroutines ...\n")],
    ["metrics", "text/plain", Buffer.from('up{job="shop"} 1\n')],
    ["metrics", "text/plain", Buffer.from("go_goroutines 12\n")],
  ] as const)("that begins like a %s is taken", (kind, contentType, start) => {
    expect(unlikeCapture(kind, contentType, start)).toBeUndefined();
  });

  test.each([
    ["heap", "text/html", Buffer.from("<p>Please log in"), "an HTML page"],
    ["metrics", "", Buffer.from("  <!DOCTYPE html><html>"), "an HTML page"],
    [
      "goroutine",
      "text/plain",
      Buffer.from("goroutine profile: total 9\n"),
      "text instead of a protobuf profile",
    ],
    [
      "heap",
      "application/json",
      Buffer.from('{"error":"forbidden"}'),
      'JSON instead of the capture ({"error"',
    ],
    ["metrics", "text/plain", Buffer.from("[]\n"), "JSON instead of the capture ([])"],
    ["metrics", "text/plain", Buffer.from("ok\n"), "no metrics but other text (ok)"],
    ["metrics", "text/plain", Buffer.from("404 page not found"), "no metrics but other text"],
    ["goroutine-dump", "text/plain", Buffer.from("hello"), "not a goroutine dump (hello)"],
    ["goroutine-counts", "text/plain", Buffer.from("hello"), "not a goroutine profile (hello)"],
    ["heap-text", "text/plain", Buffer.from("hello"), "not a heap profile (hello)"],
    ["mutex", "application/octet-stream", new Uint8Array(), "an empty body"],
  ] as const)("that is no %s is refused: %s", (kind, contentType, start, words) => {
    expect(unlikeCapture(kind, contentType, start)).toContain(words);
  });
});

function statusOf(code: number, message: string): string {
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message, code });
}

describe("an API server that stands before a pod", () => {
  test.each([
    [403, 'pods "order-1" is forbidden: User "gofire" cannot get resource "pods/proxy"', "no-access"],
    [404, 'pods "order-1" not found', "not-the-target"],
    [
      503,
      "error trying to reach service: dial tcp 10.1.0.5:6060: connect: connection refused",
      "not-the-target",
    ],
  ])("%d is told in its own words", (code, message, meaning) => {
    const said = {
      status: code,
      fromGoPprof: false,
      contentType: "application/json",
      kind: "index",
    } as const;
    expect(explainRefusal({ ...said, text: statusOf(code, message) })).toEqual({
      meaning,
      reason: `Kubernetes answered ${code}: ${message}`,
    });
  });

  test("is not taken for one where only the process says something like that", () => {
    const said = {
      status: 500,
      fromGoPprof: false,
      contentType: "application/json",
      kind: "index",
    } as const;
    expect(explainRefusal({ ...said, text: '{"kind":"Status"}' }).reason).toMatch(/^500: /);
    expect(explainRefusal({ ...said, text: '{"kind":"Status",' }).meaning).toBe("refused");
  });
});
