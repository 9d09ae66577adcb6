import { describe, expect, it } from "vitest";
import { histogramMove } from "../../src/domain/metrics/histograms.ts";
import { histogram, metricValue } from "../../src/domain/metrics/metrics.ts";
import { looksLikeMetrics, metricsParser } from "../../src/parsers/metrics/metrics-parser.ts";
import { parseSampleLine } from "../../src/parsers/metrics/sample-line.ts";
import { capture, failure, feed, whole } from "./feed.ts";

function everything(text: string, pieceBytes?: number) {
  return feed(metricsParser("metrics.txt", { families: [""] }), text, pieceBytes);
}

describe("a scrape of client_golang", () => {
  it.each(["metrics-prometheus.txt", "metrics-openmetrics.txt"])("%s is read", (file) => {
    const scrape = whole(feed(metricsParser(file, { takenAtMs: 7 }), capture(file)));
    expect(scrape.artifact).toBe(file);
    expect(scrape.takenAtMs).toBe(7);
    expect(metricValue(scrape, "go_goroutines")).toBe(15);
    expect(metricValue(scrape, "go_info", { version: "go1.26.8" })).toBe(1);
    expect(metricValue(scrape, "go_gc_gomemlimit_bytes")).toBe(2 ** 63);
    expect(metricValue(scrape, "process_cpu_seconds_total")).toBe(0.8);
    expect(metricValue(scrape, "process_max_fds")).toBe(20_000);
    expect(metricValue(scrape, "go_gc_duration_seconds", { quantile: "0.5" })).toBe(0.00037562);
    const buckets = histogram(scrape, "go_sched_latencies_seconds")?.buckets ?? [];
    expect(buckets).toHaveLength(8);
    expect(buckets.at(-1)?.le).toBe(Number.POSITIVE_INFINITY);
  });

  it("gives the same for every way the bytes are cut", () => {
    const file = "metrics-openmetrics.txt";
    const atOnce = feed(metricsParser(file), capture(file));
    for (const pieceBytes of [1, 7, 64, 1000]) {
      expect(feed(metricsParser(file), capture(file), pieceBytes)).toEqual(atOnce);
    }
  });
});

describe("sample lines", () => {
  it.each([
    ["a 1", { name: "a", labels: {}, value: 1, hasExemplar: false }],
    [
      "a:b_c 1 1395066363000",
      { name: "a:b_c", labels: {}, value: 1, timestamp: 1395066363000, hasExemplar: false },
    ],
    [
      'a\t{ x = "1" , y="2", } \t 3 ',
      { name: "a", labels: { x: "1", y: "2" }, value: 3, hasExemplar: false },
    ],
    ["a{} .5", { name: "a", labels: {}, value: 0.5, hasExemplar: false }],
    [
      String.raw`a{x="C:\\dir \"q\" # {b} \n \d"} 1e-3`,
      { name: "a", labels: { x: 'C:\\dir "q" # {b} \n \\d' }, value: 0.001, hasExemplar: false },
    ],
    ['a{x="温度,}"} 1', { name: "a", labels: { x: "温度,}" }, value: 1, hasExemplar: false }],
    [
      'a_bucket{le="1"} 5 1520879607.789 # {trace_id="#{}"} 0.67 1520879607.5',
      { name: "a_bucket", labels: { le: "1" }, value: 5, timestamp: 1520879607.789, hasExemplar: true },
    ],
    ["a 5 # {} 1", { name: "a", labels: {}, value: 5, hasExemplar: true }],
    [
      '{"my.metric", "my.label"="x"} 1',
      { name: "my.metric", labels: { "my.label": "x" }, value: 1, hasExemplar: false },
    ],
  ])("%s", (line, expected) => {
    expect(parseSampleLine(line)).toEqual(expected);
  });

  it.each([
    ["a NaN", Number.NaN],
    ["a nan", Number.NaN],
    ["a +Inf", Number.POSITIVE_INFINITY],
    ["a Inf", Number.POSITIVE_INFINITY],
    ["a -Infinity", Number.NEGATIVE_INFINITY],
    ["a -0", -0],
    ["a 1.7976931348623157e+308", Number.MAX_VALUE],
    ["a 18446744073709551615", 2 ** 64],
  ])("%s has that value", (line, value) => {
    expect(parseSampleLine(line)).toMatchObject({ value });
  });

  it.each([
    ["a", "The value is not a number."],
    ["a x", "The value is not a number."],
    ["a 0x10", "The value is not a number."],
    ["a 1 2x", "The timestamp is not a number."],
    ["a 1 NaN", "The timestamp is not a number."],
    ["a 1 2 3", "Text follows the sample."],
    ["a 1 # c", "Text follows the sample."],
    ['a 1 # {x="y"} z', "The exemplar's value is not a number."],
    ['a 1 # {x="y"} 1 z', "The exemplar's timestamp is not a number."],
    ["9a 1", "The line has no metric name."],
    ['{x="y"} 1', "The line has no metric name."],
    ['a{x="y" 1', "The list of labels is not closed."],
    ['a{x="y} 1', "A quoted text is not closed."],
    ["a{x=y} 1", "A label value is not quoted."],
    ["a{x} 1", 'A label is not of the form name="value".'],
    ['a{="y"} 1', 'A label is not of the form name="value".'],
  ])("%s is refused", (line, problem) => {
    expect(parseSampleLine(line)).toBe(problem);
  });

  it("keeps a label called __proto__ and refuses a line with too many labels", () => {
    const sample = parseSampleLine('a{__proto__="x"} 1');
    expect(typeof sample === "string" ? [] : Object.entries(sample.labels)).toEqual([["__proto__", "x"]]);
    const labels = Array.from({ length: 200 }, (_, i) => `l${i}="v"`).join(",");
    expect(parseSampleLine(`a{${labels}} 1`)).toBe("The sample has more than 128 labels.");
  });
});

describe("timestamps", () => {
  it("are milliseconds in Prometheus text", () => {
    const scrape = whole(everything("a 1 1395066363000\n"));
    expect(scrape.samples.get("a")).toEqual([
      { name: "a", labels: {}, value: 1, timestampMs: 1395066363000 },
    ]);
  });

  it("are seconds in OpenMetrics, as its end mark or the Content-Type tells", () => {
    const scrape = whole(everything("# TYPE a gauge\na 1 1395066363\na 2 1395066363.25\n# EOF"));
    expect(scrape.samples.get("a")?.map((sample) => sample.timestampMs)).toEqual([
      1395066363000, 1395066363250,
    ]);
    const cut = feed(metricsParser("m", { families: [""], openMetrics: true }), "a 1 1395066363\n");
    expect(cut).toMatchObject({
      ok: true,
      damage: { code: "damaged", message: "The scrape stops before its end mark # EOF.", at: { value: 2 } },
    });
    expect(cut.ok && cut.value.samples.get("a")?.[0]?.timestampMs).toBe(1395066363000);
  });
});

describe("families", () => {
  const text =
    "# HELP x y\norders_total 5\ngo_goroutines 7\n  process_open_fds 3\nkube_x 1\ncontainer_y 2\ngopher 1\n";

  it("are those of the analyzers unless others are named", () => {
    const byDefault = whole(feed(metricsParser("m"), text));
    expect([...byDefault.samples.keys()]).toEqual([
      "go_goroutines",
      "process_open_fds",
      "kube_x",
      "container_y",
    ]);
    const named = whole(feed(metricsParser("m", { families: ["orders_", "gop"] }), text));
    expect([...named.samples.keys()]).toEqual(["orders_total", "gopher"]);
  });

  it("leave out quoted names too", () => {
    const scrape = whole(feed(metricsParser("m"), '# HELP x y\n{"go_a"} 1\n{"my.own"} 2\n'));
    expect([...scrape.samples.keys()]).toEqual(["go_a"]);
  });

  it("do not make a scrape without them an error", () => {
    expect(whole(feed(metricsParser("m"), "orders_total 5\n")).samples.size).toBe(0);
  });
});

describe("damage", () => {
  it("keeps what can be read and names the first line that cannot", () => {
    const result = everything('a 1\r\nb{x="1} 2\r\nc oops\r\nd 4\r\n');
    expect(result).toMatchObject({
      ok: true,
      damage: { code: "damaged", message: "A quoted text is not closed.", at: { unit: "line", value: 2 } },
    });
    expect(result.ok && [...result.value.samples.keys()]).toEqual(["a", "d"]);
  });

  it.each(["go_a 1\ngo_b 12", "go_a 1\nown_b 12"])("a last line without line feed may be cut: %j", (text) => {
    const result = feed(metricsParser("m"), text);
    expect(result).toMatchObject({
      ok: true,
      damage: { message: "The last line is cut off.", at: { value: 2 } },
    });
    expect(result.ok && [...result.value.samples.keys()]).toEqual(["go_a"]);
  });

  it("a comment at the end without line feed may be all that is left of its family", () => {
    const damage = { message: "The last line is cut off.", at: { value: 2 } };
    for (const comment of ["# TYPE go_b gau", "# HELP go_b Numb", "#"]) {
      expect(feed(metricsParser("m"), `go_a 1\n${comment}`)).toMatchObject({ ok: true, damage });
    }
    expect(whole(feed(metricsParser("m"), "go_a 1\n# EOF")).samples.size).toBe(1);
  });

  it("is a second scrape in the same file: whose value is whose nobody can tell", () => {
    const scrape =
      '# TYPE go_goroutines gauge\ngo_goroutines 7\ngo_lat_bucket{le="1"} 5\ngo_lat_bucket{le="+Inf"} 6\n';
    const twice = feed(metricsParser("m"), scrape + scrape.replace("7", "9000"));
    expect(twice).toMatchObject({ ok: true, damage: { code: "damaged", at: { unit: "line", value: 6 } } });
    if (!twice.ok) throw new Error("not read");
    const { value } = twice;
    expect(metricValue(value, "go_goroutines")).toBeUndefined();
    expect(histogramMove([value, value], "go_lat")).toMatchObject({
      unknown: expect.stringMatching(/more than one process/) as unknown,
    });
    const once = whole(feed(metricsParser("m"), scrape));
    expect(histogramMove([once, once], "go_lat")).toMatchObject({ first: once, last: once });
  });

  it("is text behind the end mark", () => {
    expect(everything("# TYPE a gauge\na 1\n# EOF\nb 2\n")).toMatchObject({
      ok: true,
      damage: { message: "Text follows the end mark # EOF.", at: { value: 4 } },
    });
  });

  it("is a bound that was reached", () => {
    const bounds = { samples: 2, lineBytes: 40 };
    const many = feed(metricsParser("m", { bounds }), "go_a 1\ngo_b 1\ngo_c 1\n");
    expect(many).toMatchObject({ ok: true, damage: { code: "too-large", at: { value: 3 } } });
    expect(many.ok && many.value.samples.size).toBe(2);
    const long = feed(metricsParser("m", { bounds }), `go_a 1\ngo_b{x="${"y".repeat(50)}"} 1\ngo_c 1\n`, 5);
    expect(long).toMatchObject({ ok: true, damage: { code: "too-large", at: { value: 2 } } });
    expect(long.ok && [...long.value.samples.keys()]).toEqual(["go_a", "go_c"]);
    const unwanted = feed(metricsParser("m", { bounds }), `go_a 1\nown_b{x="${"y".repeat(50)}"} 1\n`);
    expect(whole(unwanted).samples.size).toBe(1);
  });
});

describe("what is not a scrape", () => {
  it.each([
    "<html>\n<body>\n",
    '{"memstats": {}}',
    "goroutine 1 [running]:\nmain.main()\n",
    "\x1f\x8b\x08\0\0",
    "a",
  ])("%j", (text) => {
    expect(failure(everything(text))).toMatchObject({
      code: "not-this-format",
      at: { unit: "line", value: 1 },
    });
    expect(looksLikeMetrics(Buffer.from(text))).toBe(false);
  });

  it.each(["", "\n \n", "# a comment\n"])("%j is empty", (text) => {
    expect(failure(everything(text))).toMatchObject({ code: "empty" });
    expect(looksLikeMetrics(Buffer.from(text))).toBe(false);
  });

  it.each(["# HELP a b", "# TYPE a counter\na 1\n", 'a{b="c"} 1\nd 2\n', "# EOF\n"])("but %j is", (text) => {
    expect(looksLikeMetrics(Buffer.from(text))).toBe(true);
  });

  it("quotes at most 80 printable characters", () => {
    const { excerpt } = failure(everything(`\0\t${"x".repeat(500)}\n`));
    expect(excerpt).toBe(`\\u0000\\t${"x".repeat(71)}…`);
  });
});

describe("a large scrape", () => {
  const series = Array.from(
    { length: 100_000 },
    (_, i) => `requests_total{path="/api/v1/item/${i}",code="200"} ${i}\n`,
  );
  const text = `# TYPE requests_total counter\n${series.join("")}go_goroutines 15\n`;

  it("of the service's own series leaves the few that matter", () => {
    expect(text.length).toBeGreaterThan(5e6);
    const scrape = whole(feed(metricsParser("m"), text, 65_536));
    expect(scrape.samples.size).toBe(1);
    expect(metricValue(scrape, "go_goroutines")).toBe(15);
  });

  it("is kept up to its bound when everything is wanted", () => {
    const result = feed(metricsParser("m", { families: [""], bounds: { samples: 1000 } }), text, 65_536);
    expect(result).toMatchObject({ ok: true, damage: { code: "too-large", at: { value: 1002 } } });
    expect(result.ok && result.value.samples.get("requests_total")?.length).toBe(1000);
  });
});
