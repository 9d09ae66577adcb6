import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import { analysisJsonSchema } from "../../src/render/analysis-schema.ts";
import { gofire } from "./gofire.ts";

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(analysisJsonSchema());

async function analysisOf(
  words: readonly string[],
): Promise<{ code: number | null; analysis: Analysis; stdout: string }> {
  const { code, stdout } = await gofire([...words, "--format", "json"]);
  const analysis = JSON.parse(stdout) as Analysis;
  expect(validate(analysis), JSON.stringify(validate.errors)).toBe(true);
  return { code, analysis, stdout };
}

const fixtures = "src/analyzers/goroutine-mutex-pileup/fixtures";
const fires = readdirSync(fixtures).filter((name) => name.startsWith("fires-"));

function filesOf(name: string): string[] {
  const folder = join(fixtures, name);
  return readdirSync(folder)
    .filter((file) => file !== "expect.json")
    .map((file) => join(folder, file));
}

describe("gofire analyze --format json", () => {
  it("prints one document of the published schema; findings give exit code 1", async () => {
    const { code, analysis } = await analysisOf(["analyze", ...filesOf(fires[0] ?? "")]);
    expect(code).toBe(1);
    expect(analysis.verdict).toBe("fail");
    expect(analysis.findings[0]?.role).toBe("root");
    expect(analysis.groups.length).toBeGreaterThan(0);
    const counts = analysis.groups.map((group) => group.count);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
  });

  it("limits the rules to those asked for", async () => {
    const { analysis } = await analysisOf([
      "analyze",
      ...filesOf(fires[0] ?? ""),
      "--rules",
      "goroutine/mutex-pileup,goroutine/nil-channel",
    ]);
    expect(analysis.checks.map((check) => check.rule).toSorted()).toEqual([
      "goroutine/mutex-pileup",
      "goroutine/nil-channel",
    ]);
    expect(new Set(analysis.findings.map((finding) => finding.rule))).toEqual(
      new Set(["goroutine/mutex-pileup"]),
    );
  });

  it("has what Prometheus said, and what was usual beside the finding's number", async () => {
    const folder = "src/analyzers/goroutine-count/fixtures/fires-nine-times-last-week";
    const { analysis } = await analysisOf([
      "analyze",
      join(folder, "context.json"),
      join(folder, "goroutine.pb.gz"),
    ]);
    expect(analysis.context).toMatchObject({ server: "http://prometheus.internal:9090", processes: 3 });
    expect(analysis.captures[0]).toMatchObject({ kind: "context", status: "ok" });
    const count = analysis.findings.find(({ rule }) => rule === "goroutine/count");
    expect(count?.measured?.usual).toEqual({
      value: 560,
      when: "last-week",
      server: "http://prometheus.internal:9090",
    });
    const slow = await analysisOf([
      "analyze",
      "src/analyzers/sched-latency/fixtures/fires-by-prometheus/context.json",
    ]);
    expect(slow.analysis.context?.figures.find(({ name }) => name === "scheduling-p99")?.range).toEqual({
      above: 10.48576,
      upTo: 117.44,
    });
  });

  it("gives exit code 3 when the evidence for a pass is missing", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "gofire-cli-")), "metrics.txt");
    writeFileSync(file, "# TYPE go_goroutines gauge\ngo_goroutines 12\n");
    const { code, analysis } = await analysisOf(["analyze", file]);
    expect(analysis.verdict).toBe("inconclusive");
    expect(analysis.checks.find((check) => check.rule === "goroutine/mutex-pileup")).toEqual({
      rule: "goroutine/mutex-pileup",
      state: "inconclusive",
      reason: "no goroutine capture",
    });
    expect(code).toBe(3);
  });

  it("is inconclusive, with exit code 3, when a file of a healthy bundle is gone", async () => {
    const bundle = join(mkdtempSync(join(tmpdir(), "gofire-cli-")), "bundle");
    cpSync("lab/captures/go1.26.8/stable-cache", bundle, { recursive: true });
    expect(await analysisOf(["analyze", bundle])).toMatchObject({ code: 0, analysis: { verdict: "pass" } });
    rmSync(join(bundle, "goroutine-2.pb.gz"));
    const { code, analysis } = await analysisOf(["analyze", bundle]);
    expect(analysis.verdict).toBe("inconclusive");
    expect(code).toBe(3);
    expect(analysis.captures).toContainEqual(
      expect.objectContaining({
        file: "goroutine-2.pb.gz",
        status: "failed",
        reason: "no such file or folder",
      }),
    );
  });

  it("names an input that is not there: who reads only the document must not take it for judged", async () => {
    const file = "src/analyzers/goroutine-mutex-pileup/fixtures/none.pb.gz";
    const { analysis } = await analysisOf(["analyze", ...filesOf(fires[0] ?? ""), file]);
    expect(analysis.captures.at(-1)).toMatchObject({
      file,
      status: "failed",
      reason: "no such file or folder",
    });
  });

  it("is what docs/reference/analysis.schema.json says", () => {
    expect(JSON.parse(readFileSync("docs/reference/analysis.schema.json", "utf8"))).toEqual(
      JSON.parse(JSON.stringify(analysisJsonSchema())),
    );
  });
});

/** Takes a snapshot of what `listener` plays. */
async function snapshotOf(listener: RequestListener, ...words: readonly string[]) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const folder = mkdtempSync(join(tmpdir(), "gofire-cli-"));
  const quick = ["--cpu", "0s", "--gap", "0s", "--out", folder];
  try {
    return await analysisOf(["snapshot", `http://127.0.0.1:${port}`, ...quick, ...words]);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

describe("gofire snapshot --format json, when nothing comes", () => {
  const index = readFileSync("test/parsers/fixtures/pprof-index-go1.27.html");

  it("a goroutine profile that misses the deadline: what was tried, and exit code 3", async () => {
    const { code, analysis } = await snapshotOf(
      (request, response) => {
        if (request.url === "/debug/pprof/") response.end(index);
      },
      "--deadline",
      "2s",
    );
    expect(code).toBe(3);
    expect(analysis.verdict).toBe("inconclusive");
    const goroutines = analysis.captures.filter(({ kind }) => kind === "goroutine");
    expect(goroutines).toMatchObject([
      { status: "failed", reason: expect.stringContaining("no answer within") as string },
      { status: "skipped", reason: expect.stringContaining("for the whole capture were over") as string },
    ]);
    expect(analysis.checks.every(({ state }) => state === "inconclusive" || state === "skipped")).toBe(true);
  });

  it("nobody answers, or with bytes that nothing can be read of", async () => {
    const away = await analysisOf(["snapshot", "http://127.0.0.1:1"]);
    expect(away).toMatchObject({ code: 3, analysis: { verdict: "inconclusive" } });
    expect(away.analysis.captures).toMatchObject([{ kind: "index", status: "failed" }]);
    const garbage = await snapshotOf((request, response) => {
      response.statusCode = request.url === "/debug/pprof/goroutine?debug=0" ? 200 : 404;
      response.end(Buffer.alloc(5_000, 0xff));
    });
    expect(garbage).toMatchObject({ code: 3, analysis: { verdict: "inconclusive" } });
    expect(garbage.analysis.captures.find(({ kind }) => kind === "goroutine")?.status).toBe("failed");
  });
});
