/**
 * Takes the lock of its second argument below the folder of its first one whenever it is told to, with pauses before and after what
 * it asks of the disk, and answers whether it held it, and whether somebody else did at the same time.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [, , folder = "", target = ""] = process.argv;
const { rm, writeFile } = fs.promises;
for (const name of ["link", "readFile", "readdir", "rename", "rm", "rmdir", "writeFile"] as const) {
  const original = fs.promises[name] as (...words: unknown[]) => Promise<unknown>;
  Object.assign(fs.promises, {
    async [name](...words: unknown[]) {
      await stop();
      try {
        return await original(...words);
      } finally {
        await stop();
      }
    },
  });
}
syncBuiltinESMExports();
const { captureLock } = await import("../../src/integrations/artifacts/capture-lock.ts");

const lock = captureLock(join(folder, "locks"));
const witness = join(folder, "inside");

process.on("message", (word) => {
  void take(word === "to be given back").then((saw) => process.send?.(saw));
});
process.send?.("ready");

/** Mostly for no time, now and then for as long as others need for all they do. */
async function stop(): Promise<void> {
  if (Math.random() < 0.15) await pause(Math.random() * 40);
}

async function take(isGivenBack: boolean): Promise<"held" | "not held" | "not alone"> {
  const attempt = await lock.acquire(target, Date.now() + 60_000, new AbortController().signal);
  if (!attempt.held) return "not held";
  if (!isGivenBack) process.kill(process.pid, "SIGKILL");
  try {
    await writeFile(witness, "", { flag: "wx" });
  } catch {
    return "not alone";
  }
  await pause(25);
  await rm(witness);
  await attempt.release();
  return "held";
}
