import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { configGate } from "../../src/commands/access/config-gate.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { gitHistory } from "../../src/integrations/git/history.ts";
import {
  type ConfigRepository,
  openProposal,
  writeConfigRepository,
} from "../../src/sandbox/config-repository.ts";
import { startDeployer } from "../../src/sandbox/deployer.ts";
import { gofireYaml } from "../../src/sandbox/gofire-yaml.ts";

const patience = { timeout: 90_000 };

let folder: string;
let repository: ConfigRepository;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-config-repository-"));
  const written = await writeConfigRepository(folder, Date.now());
  if (written === undefined) throw new Error("no git");
  repository = written;
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

it("is followed by a deployer: at once, when it moves, and again when the service did not take it", async () => {
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
  }
});

it("has a pull request that can be approved before the pool is set back, and after", async () => {
  const place = { service: "order", processes: [], apiUrl: "http://127.0.0.1/api/", incidents: "C0INCID001" };
  const config = parseConfig(gofireYaml({ ...place, repository }), "gofire.yaml", folder, []);
  const history = gitHistory({ repository: repository.folder, branch: repository.branch }, folder);
  const gate = configGate(config, history);
  try {
    for (const pool of ["0", "200"]) {
      if (pool === "200") await repository.releaseWell();
      expect(await gate?.proposal(String(openProposal), new AbortController().signal)).toMatchObject({
        addresses: ["priya@shop.example"],
        problems: [],
        environments: [
          {
            name: "prod",
            services: ["order"],
            problems: [],
            changes: [{ path: "http.write_timeout", from: "10s", to: "60s" }],
          },
        ],
      });
    }
  } finally {
    await history.close();
  }
});
