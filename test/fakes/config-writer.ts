import { createHash } from "node:crypto";
import type { WriteWay } from "../../src/domain/configuration/rollback.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { ConfigWriter, Written } from "../../src/ports/config-writer.ts";
import type { FakeCommit } from "./config-history.ts";

type Files = ReadonlyMap<string, string>;

export interface FakeRepository {
  readonly writer: ConfigWriter;
  /** Commits onto the branch, as somebody else does it, and gives the commit. */
  commit(files: FakeCommit["files"]): string;
  /** What a branch holds; undefined where there is none. */
  files(branch: string): Readonly<Record<string, string>> | undefined;
  /** How many commits were pushed by gofire. */
  readonly pushes: () => number;
}

/** A repository in memory; it knows no lines: a file that changed since is a conflict. */
export function fakeConfigWriter(
  commits: readonly FakeCommit[],
  push: ConfigWriter["push"] = "branch",
): FakeRepository {
  const branch = "main";
  const trees = new Map<string, Files>();
  const heads = new Map<string, string>();
  const parents = new Map<string, string | undefined>();
  const ids = new Map<string, Written>();
  let pushes = 0;
  let made = 0;

  function apply(before: Files, files: FakeCommit["files"]): Files {
    const after = new Map(before);
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) after.delete(path);
      else after.set(path, text);
    }
    return after;
  }
  function add(revision: string, tree: Files, onto: string, parent: string | undefined): void {
    trees.set(revision, tree);
    parents.set(revision, parent);
    heads.set(onto, revision);
  }
  for (const { revision, files } of commits) {
    const tip = heads.get(branch);
    add(revision, apply(treeAt(tip), files), branch, tip);
  }

  function treeAt(revision: string | undefined): Files {
    return (revision === undefined ? undefined : trees.get(revision)) ?? new Map<string, string>();
  }
  function tip(): string {
    return heads.get(branch) ?? "";
  }

  function treeOf(way: WriteWay): Files | { readonly conflicts: readonly string[] } {
    if (!trees.has(way.revision)) throw notThere(`there is no revision ${way.revision}`);
    const now = treeAt(tip());
    const then = treeAt(way.revision);
    const after = new Map(now);
    if (way.kind === "restore") {
      const isWanted = (path: string) => way.paths.some((one) => path === one || path.startsWith(`${one}/`));
      for (const path of [...now.keys()].filter(isWanted)) after.delete(path);
      for (const [path, text] of then) if (isWanted(path)) after.set(path, text);
      return after;
    }
    const parent = parents.get(way.revision);
    if (parent === undefined) throw notThere("there is nothing before that change");
    const before = treeAt(parent);
    const conflicts: string[] = [];
    for (const path of new Set([...then.keys(), ...before.keys()])) {
      if (then.get(path) === before.get(path) || now.get(path) === before.get(path)) continue;
      if (now.get(path) !== then.get(path)) conflicts.push(path);
      const was = before.get(path);
      if (was === undefined) after.delete(path);
      else after.set(path, was);
    }
    return conflicts.length > 0 ? { conflicts } : after;
  }

  const written = (id: string) => ids.get(id);
  const prepared = new Map<string, Files>();
  return {
    pushes: () => pushes,
    commit(files) {
      const revision = `${made++}`.padStart(40, "e");
      add(revision, apply(treeAt(tip()), files), branch, tip());
      return revision;
    },
    files(name) {
      const head = heads.get(name);
      return head === undefined ? undefined : Object.fromEntries(treeAt(head));
    },
    writer: {
      name: "config",
      branch,
      push,
      async prepare(way, signal) {
        await Promise.resolve();
        signal.throwIfAborted();
        const after = treeOf(way);
        if ("conflicts" in after) return { kind: "conflict", files: after.conflicts };
        const now = treeAt(tip());
        const paths = [...new Set([...now.keys(), ...after.keys()])]
          .filter((path) => now.get(path) !== after.get(path))
          .toSorted();
        if (paths.length === 0) return { kind: "nothing" };
        const rows = paths.map((path) => [path, now.get(path), after.get(path)]);
        const tree = hashOf([...after]);
        prepared.set(tree, after);
        return {
          kind: "prepared",
          tip: tip(),
          tree,
          digest: hashOf([way.kind, way.revision, rows]),
          files: paths.map((path) => ({
            path,
            before: bytesOf(now.get(path)),
            after: bytesOf(after.get(path)),
          })),
          more: 0,
        };
      },
      async written(id, signal) {
        await Promise.resolve();
        signal.throwIfAborted();
        return written(id);
      },
      async write({ tip: onto, tree }, id, _note, signal) {
        await Promise.resolve();
        signal.throwIfAborted();
        const before = written(id);
        if (before !== undefined) return before;
        if (onto !== tip()) return "moved";
        const files = prepared.get(tree);
        if (files === undefined) throw notThere(`there is no tree ${tree}`);
        const commit = `${made++}`.padStart(40, "f");
        const name = push === "branch" ? branch : `gofire/rollback-${id}`;
        add(commit, files, name, onto);
        pushes++;
        const result = { commit, branch: name, onto };
        ids.set(id, result);
        return result;
      },
      async tryPush(signal) {
        await Promise.resolve();
        signal.throwIfAborted();
      },
      close: () => Promise.resolve(),
    },
  };
}

function notThere(what: string): PortError {
  return new PortError("not-found", "config", what);
}

function hashOf(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function bytesOf(text: string | undefined): Uint8Array | "absent" {
  return text === undefined ? "absent" : new TextEncoder().encode(text);
}
