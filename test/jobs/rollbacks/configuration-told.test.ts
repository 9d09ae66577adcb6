import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configurationIn } from "../../../src/jobs/rollbacks/configuration-told.ts";
import { fakeArtifacts } from "../../fakes/artifacts.ts";

const never = new AbortController().signal;
const bundle = "incidents/gf-1/bundle-1/";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-told-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is read of a metrics page; undefined: none was kept. */
async function told(page: string | undefined): Promise<string | undefined> {
  const artifacts = fakeArtifacts(folder);
  const steps = [
    { kind: "metrics", state: "ok", file: "metrics-1.txt" },
    { kind: "metrics", state: "ok", file: page === undefined ? "metrics-9.txt" : "metrics-2.txt" },
  ] as const;
  if (page !== undefined) {
    await artifacts.put(
      `${bundle}metrics-2.txt`,
      (async function* bytes() {
        yield await Promise.resolve(Buffer.from(page));
      })(),
      { contentType: "text/plain" },
      never,
    );
  }
  return await configurationIn({ bundle, steps }, artifacts, never);
}

test("a process that says which configuration it has is quoted, by the latest page", async () => {
  const series = 'config_info{service="order",tag="v1-prod"} 1';
  expect(await told(`# TYPE config_info gauge\n${series}\nup 1\n`)).toBe('service="order",tag="v1-prod"');
  expect(await told('config_info{tag="v1"} 1.0 1716261120000\n')).toBe('tag="v1"');
  expect(await told('config_info{tag="v2"} 0\n')).toBeUndefined();
  expect(await told('my_config_info{tag="v2"} 1\n')).toBeUndefined();
  expect(await told(`config_info{tag="${"x".repeat(500)}"} 1\n`)).toHaveLength(200);
});

test("a page that is not kept, or none at all, says nothing", async () => {
  expect(await told(undefined)).toBeUndefined();
  expect(await configurationIn({ steps: [] }, fakeArtifacts(folder), never)).toBeUndefined();
});
