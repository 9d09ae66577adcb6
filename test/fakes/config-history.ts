import type {
  ChangeWindow,
  ConfigHistory,
  TouchedFile,
  TouchedRevision,
} from "../../src/ports/config-history.ts";

/** A commit of a history in memory; the oldest stands first. */
export interface FakeCommit {
  readonly revision: string;
  readonly author: string;
  readonly subject: string;
  readonly mergedAtMs: number;
  readonly tag?: { readonly name: string; readonly atMs: number };
  /** Files that it wrote; undefined removes one. */
  readonly files: Readonly<Record<string, string | undefined>>;
}

/** A history that is in memory. */
export function fakeConfigHistory(commits: readonly FakeCommit[]): ConfigHistory {
  const indexOf = (revision: string) => commits.findIndex((commit) => commit.revision === revision);

  function stateAt(index: number): Map<string, string> {
    const files = new Map<string, string>();
    for (const commit of commits.slice(0, index + 1)) {
      for (const [path, text] of Object.entries(commit.files)) {
        if (text === undefined) files.delete(path);
        else files.set(path, text);
      }
    }
    return files;
  }

  function differing(base: number, head: number, paths: readonly string[]): readonly TouchedFile[] {
    const [before, after] = [stateAt(base), stateAt(head)];
    return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((path) => {
      const isWanted = paths.length === 0 || paths.some((one) => path === one || path.startsWith(`${one}/`));
      return !isWanted || before.get(path) === after.get(path)
        ? []
        : [{ path, before: bytesOf(before.get(path)), after: bytesOf(after.get(path)) }];
    });
  }

  return {
    name: "config",
    async tip(signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      return commits.at(-1)?.revision ?? "";
    },
    changes({ paths, sinceMs, untilMs }: ChangeWindow, signal) {
      signal.throwIfAborted();
      const revisions = commits.flatMap((commit, index): TouchedRevision[] => {
        const { revision, author, subject, mergedAtMs } = commit;
        const first = commits.findIndex((one) => one.tag !== undefined && one.tag.atMs <= untilMs);
        // The first tag of all stands for its own commit only.
        const tag = commits
          .slice(index < first ? commits.length : index)
          .flatMap((one) => (one.tag !== undefined && one.tag.atMs <= untilMs ? [one.tag] : []))[0];
        const atMs = Math.max(mergedAtMs, tag?.atMs ?? 0);
        const files = differing(index - 1, index, paths);
        if (files.length === 0 || atMs < sinceMs || atMs > untilMs) return [];
        const named = tag === undefined ? {} : { tag: tag.name };
        const parents = commits.slice(Math.max(0, index - 1), index).map((one) => one.revision);
        return [{ revision, parents, author, subject, atMs, ...named, files, more: 0 }];
      });
      return Promise.resolve({ revisions: revisions.toReversed(), notes: [] });
    },
    find(name, signal) {
      signal.throwIfAborted();
      const names = commits.flatMap(({ revision, tag }) => [
        { name: revision, revision },
        ...(tag === undefined ? [] : [{ name: tag.name, revision }]),
      ]);
      const whole = names.find((one) => one.name === name);
      const like = whole === undefined ? names.filter((one) => one.name.startsWith(name)) : [whole];
      const [only, ...others] = like;
      return Promise.resolve(
        only === undefined || others.length > 0
          ? { candidates: like.map((one) => one.name) }
          : { revision: only.revision, name: only.name },
      );
    },
    between(base, head, paths, signal) {
      signal.throwIfAborted();
      return Promise.resolve({ files: differing(indexOf(base), indexOf(head), paths), more: 0 });
    },
    close: () => Promise.resolve(),
  };
}

function bytesOf(text: string | undefined): Uint8Array | "absent" {
  return text === undefined ? "absent" : new TextEncoder().encode(text);
}
