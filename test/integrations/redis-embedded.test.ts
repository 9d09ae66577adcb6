import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rename, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { chooseRedis } from "../../src/integrations/redis/chosen.ts";
import { type EmbeddedRedis, embeddedRedis } from "../../src/integrations/redis/embedded.ts";
import type { Host } from "../../src/ports/host.ts";
import { until } from "../jobs/bot.ts";
import { redisProgram } from "./redis-server.ts";

async function stateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-state-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function start(folder: string): Promise<EmbeddedRedis> {
  const program = (await thisHost.findProgram(redisProgram ?? "")) ?? "";
  const lock = captureLock(join(folder, "locks"));
  return await embeddedRedis({ program, folder: join(folder, "redis"), lock, onTrouble: () => {} });
}
async function asked<T>(socketPath: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path: socketPath, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => {});
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

describe.skipIf(redisProgram === undefined)("gofire's own Redis", () => {
  test("is shared by those who start it at the same time, and ends with the last of them", async () => {
    const folder = await stateFolder();
    const users = await Promise.all([start(folder), start(folder), start(folder)]);
    const [first, second, third] = users;
    expect(new Set(users.map(({ pid }) => pid)).size).toBe(1);
    expect(users.filter(({ startedHere }) => startedHere)).toHaveLength(1);
    await first.leave();
    await second.leave();
    expect(isRunning(third.pid)).toBe(true);
    await third.leave();
    await until(() => (isRunning(third.pid) ? undefined : true), "the server is gone");
  });

  test("keeps its data, listens on nothing but its socket, and is for its owner only", async () => {
    const folder = await stateFolder();
    const before = await start(folder);
    const settings = await asked(before.socketPath, async (client) => {
      await client.set("{gofire}:kept", "yes");
      return await client.config("GET", "port", "appendonly", "appendfsync", "maxmemory-policy");
    });
    expect(String(settings)).toContain("appendfsync,everysec");
    expect(String(settings)).toContain("appendonly,yes");
    expect(String(settings)).toContain("port,0");
    expect((await stat(before.socketPath)).mode & 0o077).toBe(0);
    expect((await stat(join(folder, "redis"))).mode & 0o077).toBe(0);
    await before.leave();
    const after = await start(folder);
    expect(after.pid).not.toBe(before.pid);
    expect(await asked(after.socketPath, (client) => client.get("{gofire}:kept"))).toBe("yes");
    await after.leave();
  });

  test("is started again when it dies, with what it had a second before", async () => {
    const folder = await stateFolder();
    const user = await start(folder);
    await asked(user.socketPath, async (client) => await client.set("{gofire}:kept", "yes"));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    process.kill(user.pid, "SIGKILL");
    expect(await asked(user.socketPath, (client) => client.get("{gofire}:kept"))).toBe("yes");
    await user.leave();
  });

  test("of a gofire that was killed is taken over by the next and ends with it", async () => {
    const folder = await stateFolder();
    const user = await start(folder);
    // Another process that named its connection like a user and is gone without a word.
    const script = `const net=require("node:net");const s=net.connect(${JSON.stringify(user.socketPath)},()=>s.write("CLIENT SETNAME gofire-user-x\\r\\n"));s.on("data",()=>console.log("named"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await user.leave();
    expect(isRunning(user.pid)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    const next = await start(folder);
    expect(next).toMatchObject({ pid: user.pid, startedHere: false });
    await next.leave();
    await until(() => (isRunning(user.pid) ? undefined : true), "the server is gone");
  });

  test("works in a folder whose path is too long for a socket", async () => {
    const folder = join(await stateFolder(), "a-folder-with-a-rather-long-name/".repeat(4));
    const user = await start(folder);
    expect(Buffer.byteLength(user.socketPath)).toBeLessThanOrEqual(103);
    expect(await asked(user.socketPath, (client) => client.ping())).toBe("PONG");
    await user.leave();
  });

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ["others may write to", (folder) => chmod(folder, 0o777)],
    [
      "somebody linked elsewhere",
      (folder) => rename(folder, `${folder}-away`).then(() => symlink("/tmp", folder)),
    ],
  ])("puts its socket into no folder that %s", async (_, spoil) => {
    const folder = join(await stateFolder(), "a-folder-with-a-rather-long-name/".repeat(4));
    const user = await start(folder);
    const sockets = dirname(user.socketPath);
    for (const folder of [sockets, `${sockets}-away`]) {
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
    }
    await user.leave();
    await spoil(sockets);
    await expect(start(folder)).rejects.toThrow(/is not this user's alone: remove it, or set GOFIRE_STATE/);
  });

  test("that cannot start says why, with the end of its log", async () => {
    const folder = await stateFolder();
    const settings = {
      folder: join(folder, "redis"),
      lock: captureLock(join(folder, "locks")),
      onTrouble: () => {},
    };
    await expect(embeddedRedis({ ...settings, program: "/bin/false" })).rejects.toThrow(
      /false did not start in .*: it ended with 1/,
    );
    await expect(embeddedRedis({ ...settings, program: "/no/such/program" })).rejects.toThrow(/ENOENT/);
  });

  test("is chosen when REDIS_URL is not set, and gofire says what to install when there is none", async () => {
    const folder = await stateFolder();
    const lock = captureLock(join(folder, "locks"));
    const bare: Host = { ...thisHost, environment: () => undefined };
    const own = await chooseRedis(bare, folder, lock, () => {});
    expect(own.because).toContain(`${redisProgram} (process`);
    await own.leave();
    const named: Host = { ...thisHost, environment: () => "redis://user:secret@cache.example:6380/2" };
    const elsewhere = await chooseRedis(named, folder, lock, () => {});
    expect(elsewhere.because).toBe("Redis at redis://cache.example:6380/2, as REDIS_URL says");
    const none: Host = { ...bare, findProgram: () => Promise.resolve(undefined) };
    await expect(chooseRedis(none, folder, lock, () => {})).rejects.toThrow(/set REDIS_URL, or install one/);
  });
});
