import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { writeConfigRepository } from "../../src/sandbox/config-repository.ts";
import { startDeployer } from "../../src/sandbox/deployer.ts";

const patience = { timeout: 90_000 };

it("brings what the branch says to the service: at once, when it moves, and again when it was not taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gofire-deployer-"));
  const repository = await writeConfigRepository(folder, Date.now());
  if (repository === undefined) throw new Error("no git");
  const deployed: (string | undefined)[] = [];
  const told: string[] = [];
  let refusals = 0;
  const deployer = await startDeployer(
    repository,
    (settings) => {
      deployed.push(settings["redis.max_active"]);
      return refusals-- > 0 ? Promise.reject(new Error("not now")) : Promise.resolve();
    },
    (line) => told.push(line),
  );
  try {
    expect(deployed).toEqual(["0"]);
    refusals = 1;
    await repository.releaseWell();
    await vi.waitFor(() => expect(told.at(-1)).toContain("has brought"), patience);
    expect(deployed).toEqual(["0", "200", "200"]);
    expect(told).toEqual([
      "The deployer tries again: not now",
      `The deployer has brought ${(await repository.tip()).slice(0, 10)} to order.`,
    ]);
    await repository.releaseSick();
    await vi.waitFor(() => expect(deployed).toHaveLength(4), patience);
    expect(deployed.at(-1)).toBe("0");
  } finally {
    await deployer.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
