import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gofire } from "../cli/gofire.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { hasGo } from "./lab.ts";

const folder = mkdtempSync(join(tmpdir(), "gofire-demo-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function runsThrough(option: string): Promise<void> {
  const picture = join(folder, `${option}.png`);
  // Nobody sits at this terminal, so it ends by itself with either option.
  const { code, stdout, stderr } = await gofire(["demo", option, "--picture", picture]);
  expect(stderr).toContain("Mira types: /gofire snapshot order");
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(
    /^#incidents\ngofire: FAIL: order\. \d+ goroutines wait for their turn in redis\.Pool/,
  );
  expect(stdout).toMatch(
    /Config: redis\.max_active 200 → 0 in v\d{8}-prod-redis-tune by ana, 1\d min before the capture, could explain this \(inferred\)\./,
  );
  // Two people; what the repository says reaches the service, and is seen in it; and all of it is in the log.
  expect(stderr).toMatch(
    /Mira presses: Roll Back redis-tune…[\s\S]*Mira presses: Ask for a Second Person…[\s\S]*Jonas presses: Roll Back Now…/,
  );
  expect(stderr).toMatch(/The deployer has brought [0-9a-f]{10} to order\./);
  expect(stdout).toMatch(
    /^ {4}gofire: ✅ order · rolled back and verified\..* redis\.max_active 0 → 200 .*: \d+ goroutines, limit 5 → not found any more/mu,
  );
  // On a busy machine its threads get so little of the processor that the last word on its pauses is not spoken.
  expect(stdout).toMatch(
    /^ {4}gofire: (?:PASS|INCONCLUSIVE): order\. .* Config: redis\.max_active 0 → 200 in [0-9a-f]{10} by gofire, /m,
  );
  expect(stderr).toContain("The audit log has 4 entries of it, each signed, and verifies.");
  expect(stdout).toContain("flame-graph.order.goroutine.png");
  expect(stdout).toMatch(/pprof\.order\.order-1\.goroutine\.\d{8}-\d{6}\.pb\.gz/);
  if (stdout.includes("A picture of the thread")) {
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
  } else expect(stderr).toContain("there is no Chromium on PATH");
}

// Most of the time of both is waiting.
describe.skipIf(redisProgram === undefined)("gofire demo (needs Redis)", { concurrent: true }, () => {
  it("goes from a typed command to a verdict with its flame graph, and on to a verified rollback, with recordings", {
    timeout: 180_000,
  }, async () => {
    await runsThrough("--recorded");
  });

  it.skipIf(!hasGo)("does so with the lab service (needs Go)", { timeout: 180_000 }, async () => {
    await runsThrough("--once");
  });
});
