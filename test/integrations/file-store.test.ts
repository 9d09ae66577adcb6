import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileStore } from "../../src/integrations/artifacts/file-store.ts";

const never = new AbortController().signal;
const about = { contentType: "text/plain" };

describe("artifacts in a folder", () => {
  let base: string;
  let root: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "gofire-files-"));
    root = join(base, "artifacts");
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  test("are for gofire's own user only, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      const artifacts = await fileStore(root);
      await artifacts.put("incidents/gf-1/dump.txt", of("x"), about, never);
    } finally {
      process.umask(umask);
    }
    for (const folder of ["", ".parts", "incidents", "incidents/gf-1"]) {
      expect((await stat(join(root, folder))).mode & 0o777).toBe(0o700);
    }
    expect((await stat(join(root, "incidents/gf-1/dump.txt"))).mode & 0o777).toBe(0o600);
  });

  test("may be in a folder that a link leads to, but no link below it is followed", async () => {
    const outside = join(base, "outside");
    await mkdir(join(base, "disk"));
    await mkdir(join(outside, "gf-2"), { recursive: true });
    await writeFile(join(outside, "secret.txt"), "secret");
    await symlink(join(base, "disk"), root);
    const artifacts = await fileStore(root);
    await artifacts.put("incidents/gf-1/a.txt", of("a"), about, never);
    expect(await readFile(join(base, "disk/incidents/gf-1/a.txt"), "utf8")).toBe("a");

    await symlink(outside, join(root, "incidents/linked"));
    await symlink(join(outside, "secret.txt"), join(root, "incidents/gf-1/linked.txt"));
    const forbidden = { code: "forbidden" };
    for (const key of ["incidents/linked/secret.txt", "incidents/linked/gf-2/new.txt"]) {
      await expect(artifacts.put(key, of("x"), about, never)).rejects.toMatchObject(forbidden);
      await expect(read(artifacts.get(key, never))).rejects.toMatchObject(forbidden);
      await expect(artifacts.stat(key, never)).rejects.toMatchObject(forbidden);
      await expect(artifacts.remove(key, never)).rejects.toMatchObject(forbidden);
    }
    await expect(artifacts.list("incidents/linked/", never)).rejects.toMatchObject(forbidden);
    await expect(artifacts.remove("incidents/linked/", never)).rejects.toMatchObject(forbidden);
    await expect(read(artifacts.get("incidents/gf-1/linked.txt", never))).rejects.toMatchObject({
      code: "not-found",
    });
    expect((await artifacts.list("incidents/", never)).map(({ key }) => key)).toEqual([
      "incidents/gf-1/a.txt",
    ]);
    expect(await artifacts.remove("incidents/", never)).toBe(1);
    // A new artifact takes the link's place; what it led to stays.
    await artifacts.put("incidents/gf-1/linked.txt", of("ours"), about, never);
    expect(await readdir(outside)).toEqual(["gf-2", "secret.txt"]);
    expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("secret");
  });

  test("do not read what is no file", async () => {
    const artifacts = await fileStore(root);
    await artifacts.put("incidents/gf-1/a.txt", of("a"), about, never);
    expect(spawnSync("mkfifo", [join(root, "incidents/gf-1/pipe")]).status).toBe(0);
    await expect(read(artifacts.get("incidents/gf-1/pipe", never))).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(read(artifacts.get("incidents/gf-1", never))).rejects.toMatchObject({
      code: expect.any(String),
    });
    expect(await artifacts.stat("incidents/gf-1/pipe", never)).toBeUndefined();
    expect(await artifacts.stat("incidents/gf-1", never)).toBeUndefined();
  });

  test("leave no empty folders behind", async () => {
    const artifacts = await fileStore(root);
    await artifacts.put("incidents/gf-1/bundle/a.txt", of("a"), about, never);
    await artifacts.remove("incidents/gf-1/", never);
    expect(await readdir(root)).toEqual([".parts"]);
  });

  test("keep their place when folders are removed at the same moment", async () => {
    const artifacts = await fileStore(root);
    for (let round = 0; round < 30; round++) {
      const key = `incidents/gf-1/${round}.txt`;
      await artifacts.put("incidents/gf-1/bundle/old.txt", of("old"), about, never);
      await Promise.all([
        artifacts.put(key, of("new"), about, never),
        artifacts.remove("incidents/gf-1/bundle/", never),
      ]);
      expect(await read(artifacts.get(key, never))).toBe("new");
      await artifacts.remove(key, never);
    }
  });

  test("of a writer that was killed are not there, and its leftovers go at the next start", async () => {
    const writer = spawn(process.execPath, ["--import", "tsx", fileURLToPath(dyingWriter), root], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await said(writer);
    const gone = once(writer, "exit");
    writer.kill("SIGKILL");
    await gone;
    expect(await readdir(join(root, ".parts"))).toHaveLength(1);
    // Not of this process's earlier life, of one that lives, nor of another machine.
    const kept = [`${process.ppid}.life.1.${hostname()}`, "1.life.1.another-machine"];
    for (const name of kept) await writeFile(join(root, ".parts", name), "half");
    await writeFile(join(root, ".parts", `${process.pid}.earlier-life.1.${hostname()}`), "half");
    const old = join(root, ".parts", "2.life.1.another-machine");
    await writeFile(old, "half");
    await utimes(old, new Date(), new Date(Date.now() - 2 * 86_400_000));
    const artifacts = await fileStore(root);
    expect((await readdir(join(root, ".parts"))).toSorted()).toEqual(kept.toSorted());
    expect(await artifacts.list("incidents/", never)).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)("say when the folder may not be written", async () => {
    await mkdir(root);
    await chmod(root, 0o500);
    await expect(fileStore(root)).rejects.toMatchObject({ code: "forbidden", message: "no permission" });
  });

  test("say when the folder is a file", async () => {
    await writeFile(root, "");
    await expect(fileStore(root)).rejects.toMatchObject({ name: "PortError" });
  });
});

const dyingWriter = new URL("./dying-writer.ts", import.meta.url);

async function said(writer: ChildProcess): Promise<void> {
  if (writer.stdout !== null) await once(writer.stdout, "data");
}

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function read(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
