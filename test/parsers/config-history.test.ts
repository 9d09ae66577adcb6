import { expect, test } from "vitest";
import type { ConfigHistoryFacts } from "../../src/domain/configuration/config-change.ts";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { configHistoryDocument } from "../../src/parsers/config-history.ts";

const facts: Omit<ConfigHistoryFacts, "artifact"> = {
  repository: "https://git.example.com/config.git",
  paths: ["env/prod"],
  atMs: 1_716_261_120_000,
  windowMs: 21_600_000,
  revisions: [
    {
      revision: "0f606d972d2c4ee38f1fcb20f20f8606579acb96",
      tag: "v20240521-prod-redis-tune",
      author: "ana",
      subject: "Tune redis",
      atMs: 1_716_260_280_000,
      changes: [
        {
          file: "env/prod/order.yaml",
          path: "redis.max_active",
          kind: "changed",
          from: "200",
          to: "0",
          line: 2,
        },
        { file: "env/prod/order.yaml", path: "redis.password", kind: "changed", secret: true },
      ],
      more: 0,
      uncompared: [{ file: "env/prod/chart.yaml", reason: "line 1: It is not YAML." }],
    },
  ],
  notes: ["What is known is 2 min old."],
};

function parsed(text: string) {
  const parser = artifactParser("x.json");
  parser.push(new TextEncoder().encode(text));
  return parser.end();
}

test("what a capture kept is told by its content and read as it was", () => {
  expect(parsed(configHistoryDocument.text(facts))).toEqual({
    ok: true,
    value: { type: "config", config: { artifact: "x.json", ...facts } },
  });
});

test("what somebody changed is refused with its place", () => {
  const text = configHistoryDocument.text(facts);
  expect(parsed(text.replace('"ana"', "7"))).toMatchObject({
    ok: false,
    error: { code: "damaged", message: "revisions[0].author: must be a text, not 7." },
  });
  expect(parsed(text.replace('"changed"', '"moved"'))).toMatchObject({
    ok: false,
    error: { code: "damaged" },
  });
  expect(parsed(text.replace('"gofireConfigHistory": 1', '"gofireConfigHistory": 2'))).toMatchObject({
    ok: false,
    error: { code: "not-this-format", message: "gofireConfigHistory is 2; this gofire reads 1." },
  });
  expect(parsed(text.slice(0, 300))).toMatchObject({ ok: false });
});
