import { createHash } from "node:crypto";
import { PortError } from "../../src/domain/errors.ts";
import type {
  ChangeWindow,
  ConfigHistory,
  ProposedEnvironment,
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

/** A change that is in no commit of the history yet. */
export interface FakeProposal {
  /** A number or a branch. */
  readonly name: string;
  readonly head: string;
  /** How many commits the history had when it began. */
  readonly after: number;
  readonly addresses: readonly string[];
  readonly subject: string;
  readonly files: Readonly<Record<string, string | undefined>>;
}

/** As the adapter: older changes are left out, and that is said. */
const mostRevisions = 20;

async function asked(signal: AbortSignal): Promise<void> {
  await Promise.resolve();
  signal.throwIfAborted();
}

/** A history that is in memory. What it is given may grow and change between questions. */
export function fakeConfigHistory(
  commits: readonly FakeCommit[],
  proposals: readonly FakeProposal[] = [],
): ConfigHistory {
  function indexOf(revision: string): number {
    const index = commits.findIndex((commit) => commit.revision === revision);
    if (index < 0) throw new PortError("not-found", "config", `there is no revision ${revision}`);
    return index;
  }

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
    return touched(within(stateAt(base), paths), within(stateAt(head), paths));
  }

  return {
    name: "config",
    async origin(signal) {
      await asked(signal);
      return undefined;
    },
    async holds(_file, signal) {
      await asked(signal);
      return false;
    },
    async tip(signal) {
      await asked(signal);
      return commits.at(-1)?.revision ?? "";
    },
    async changes({ paths, sinceMs, untilMs }: ChangeWindow, signal) {
      await asked(signal);
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
      const latest = revisions.toReversed();
      const left = `Only the last ${mostRevisions} of ${latest.length} changes are told.`;
      return {
        revisions: latest.slice(0, mostRevisions),
        notes: latest.length > mostRevisions ? [left] : [],
      };
    },
    async find(name, signal) {
      await asked(signal);
      const names = commits.flatMap(({ revision, tag }) => [
        { name: revision, revision },
        ...(tag === undefined ? [] : [{ name: tag.name, revision }]),
      ]);
      const whole = names.find((one) => one.name === name);
      // Git takes nothing shorter for the beginning of a hash.
      const isLong = (one: (typeof names)[number]) => one.name !== one.revision || name.length >= 4;
      const like =
        whole === undefined
          ? names.filter((one) => name !== "" && one.name.startsWith(name) && isLong(one))
          : [whole];
      const [only, ...others] = like;
      return only === undefined || others.length > 0
        ? { candidates: like.map((one) => one.name) }
        : { revision: only.revision, name: only.name };
    },
    async between(base, head, paths, signal) {
      await asked(signal);
      return { files: differing(indexOf(base), indexOf(head), paths), more: 0 };
    },
    async proposal({ name, tip, environments }, signal) {
      await asked(signal);
      const proposal = proposals.find((one) => one.name === name);
      if (proposal === undefined) {
        if (/^\d+$/.test(name)) throw new PortError("not-found", "config", `there is no request ${name}`);
        return { candidates: proposals.flatMap((one) => (one.name.startsWith(name) ? [one.name] : [])) };
      }
      const { head, after, addresses, subject, files } = proposal;
      const at = tip === undefined ? commits.length - 1 : indexOf(tip);
      const [began, before] = [stateAt(after - 1), stateAt(at)];
      const told = {
        name,
        tip: commits[at]?.revision ?? "",
        base: commits[after - 1]?.revision ?? "",
        head,
        subject,
        addresses,
      };
      const own = Object.entries(files).filter(([path, text]) => began.get(path) !== text);
      const conflicts = own.flatMap(([path]) => (began.get(path) === before.get(path) ? [] : [path]));
      if (conflicts.length > 0) {
        return { ...told, environments: [], problems: [`conflict in ${conflicts.join(", ")}`] };
      }
      const result = new Map(before);
      for (const [path, text] of own) {
        if (text === undefined) result.delete(path);
        else result.set(path, text);
      }
      const changed = [...environments].flatMap(([environment, paths]): ProposedEnvironment[] => {
        const [were, are] = [within(before, paths), within(result, paths)];
        const files = touched(were, are);
        const common = { name: environment, digest: h1(are), was: h1(were), files };
        if (were.size + are.size === 0)
          return [{ ...common, problems: [`there is nothing at ${paths.join(", ")}`] }];
        return files.length === 0 ? [] : [{ ...common, problems: [] }];
      });
      return { ...told, environments: changed, problems: [] };
    },
    close: () => Promise.resolve(),
  };
}

type Files = ReadonlyMap<string, string>;

/** Without paths: all of them. */
function within(files: Files, paths: readonly string[]): Files {
  const isWanted = (path: string) =>
    paths.length === 0 || paths.some((one) => path === one || path.startsWith(`${one}/`));
  return new Map([...files].filter(([path]) => isWanted(path)));
}

function touched(before: Files, after: Files): readonly TouchedFile[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .toSorted()
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, before: bytesOf(before.get(path)), after: bytesOf(after.get(path)) }));
}

/** As golang.org/x/mod/sumdb/dirhash has it. */
function h1(files: Files): string {
  const lines = [...files.keys()].toSorted().map(
    (path) =>
      `${createHash("sha256")
        .update(files.get(path) ?? "")
        .digest("hex")}  ${path}\n`,
  );
  return `h1:${createHash("sha256").update(lines.join("")).digest("base64")}`;
}

function bytesOf(text: string | undefined): Uint8Array | "absent" {
  return text === undefined ? "absent" : new TextEncoder().encode(text);
}
