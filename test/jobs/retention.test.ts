import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Incident, Reply } from "../../src/domain/incidents/incident.ts";
import { type RetentionPorts, retire } from "../../src/jobs/upkeep/retention.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { incidentOf } from "./incident-of.ts";

const never = new AbortController().signal;
const dayMs = 86_400_000;
const keep = { ageMs: 30 * dayMs, totalBytes: 5_000 };

describe("retention", () => {
  let folder: string;
  let artifacts: Artifacts;
  let clock: FakeClock;
  let incidents: Map<string, Incident>;
  let told: string[];
  let ports: RetentionPorts;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-retention-"));
    artifacts = fakeArtifacts(folder);
    clock = fakeClock(Date.now());
    incidents = new Map();
    told = [];
    ports = {
      artifacts,
      incidents: { read: (id) => Promise.resolve(incidents.get(id)) },
      lock: fakeCaptureLock(() => clock.nowMs()),
      clock,
      tell: (line) => told.push(line),
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** 1,000 bytes in two artifacts, the newest one so old. */
  async function stored(id: string, ageDays: number, change: Partial<Incident> = { state: "verdict" }) {
    for (const [name, bytes, age] of [
      ["bundle/heap.pb.gz", 900, ageDays + 10],
      ["findings.md", 100, ageDays],
    ] as const) {
      const key = `incidents/${id}/${name}`;
      await artifacts.put(key, of(bytes), { contentType: "text/plain" }, never);
      const at = new Date(clock.nowMs() - age * dayMs);
      await utimes(join(folder, key), at, at);
    }
    incidents.set(id, incidentOf(id, change));
  }
  async function left(): Promise<string[]> {
    const keys = (await artifacts.list("incidents/", never)).map(({ key }) => key);
    return [...new Set(keys.map((key) => key.split("/")[1] ?? ""))];
  }

  test("deletes whole incidents that are too old, and says so", async () => {
    await stored("gf-old1", 31);
    await stored("gf-old2", 400, { state: "failed" });
    await stored("gf-new1", 29);
    await retire(keep, ports, never);
    expect(await left()).toEqual(["gf-new1"]);
    expect(told).toEqual([
      "Deleted the artifacts of 2 incidents (2 KiB): artifacts.keep allows 30 days and 4.9 KiB.",
    ]);
    await retire(keep, ports, never);
    expect(told).toHaveLength(1);
  });

  test("deletes the oldest until the rest fits", async () => {
    for (const [at, id] of ["gf-a", "gf-b", "gf-c", "gf-d", "gf-e", "gf-f", "gf-g"].entries()) {
      await stored(id, 10 - at);
    }
    await retire(keep, ports, never);
    expect(await left()).toEqual(["gf-c", "gf-d", "gf-e", "gf-f", "gf-g"]);
  });

  test("never touches what is open, what has something to post, and what is an hour young", async () => {
    await stored("gf-capturing", 100, { state: "capturing" });
    await stored("gf-queued", 100, { state: "queued" });
    await stored("gf-posting", 100, { state: "verdict", replies: [reply("posted"), reply("posting")] });
    await stored("gf-pending", 100, { state: "verdict", replies: [reply("pending")] });
    await stored("gf-forgotten", 100);
    incidents.delete("gf-forgotten");
    await stored("gf-posted", 100, { state: "verdict", replies: [reply("posted"), reply("given-up")] });
    await stored("gf-young", 0);
    await retire({ ...keep, totalBytes: 10 }, ports, never);
    expect(await left()).toEqual(["gf-capturing", "gf-pending", "gf-posting", "gf-queued", "gf-young"]);
    expect(told).toEqual([
      expect.stringContaining("Deleted the artifacts of 2 incidents"),
      "Artifacts take 4.9 KiB, artifacts.keep allows 30 days and 10 B: the rest is of open incidents or of the last hour.",
    ]);
  });

  test("is done by one worker at a time", async () => {
    await stored("gf-old1", 31);
    const other = await ports.lock.acquire("artifact retention", clock.nowMs() + 1_000, never);
    await retire(keep, ports, never);
    expect(await left()).toEqual(["gf-old1"]);
    if (other.held) await other.release();
    await retire(keep, ports, never);
    expect(await left()).toEqual([]);
  });

  test("stops when its lock is lost, and deletes nothing while incidents cannot be read", async () => {
    await stored("gf-old1", 31);
    const away = { read: () => Promise.reject(new Error("Redis is away")) };
    await expect(retire(keep, { ...ports, incidents: away }, never)).rejects.toThrow("Redis is away");
    const lost = AbortSignal.abort(new Error("lost"));
    const lock = {
      acquire: () => Promise.resolve({ held: true as const, lost, release: () => Promise.resolve() }),
    };
    await expect(retire(keep, { ...ports, lock }, never)).rejects.toThrow("lost");
    expect(await left()).toEqual(["gf-old1"]);
    await retire(keep, ports, never);
    expect(await left()).toEqual([]);
  });
});

function reply(state: Reply["state"]): Reply {
  return { intent: "x", kind: "findings", text: "", files: [], state };
}

async function* of(bytes: number): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(bytes));
}
