import { afterAll, describe, expect, test } from "vitest";
import type { ConfigHistory, FileState, ProposedTree } from "../../src/ports/config-history.ts";

const never = new AbortController().signal;

/** What a history is made of; the oldest commit stands first. */
export interface ContractCommit {
  readonly author: string;
  readonly subject: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly mergedAtMs: number;
  readonly tag?: { readonly name: string; readonly atMs: number };
  readonly files: Readonly<Record<string, string | undefined>>;
}

/** A change that no commit of the history has yet. */
export interface ContractProposal {
  readonly name: string;
  readonly author: string;
  readonly subject: string;
  /** How many commits the history had when it began. */
  readonly after: number;
  readonly files: Readonly<Record<string, string | undefined>>;
}

const second = 1_000;
const start = 1_716_261_120_000;
const order = "env/prod/order.yaml";

const commits: readonly ContractCommit[] = [
  {
    author: "ana",
    subject: "Begin",
    mergedAtMs: start,
    tag: { name: "v0", atMs: start },
    files: { [order]: "a: 1\n", "other.yaml": "x: 1\n" },
  },
  { author: "bo", subject: "Idle", mergedAtMs: start + 100 * second, files: { [order]: "a: 2\n" } },
  {
    author: "ana",
    subject: "Tune redis",
    mergedAtMs: start + 200 * second,
    tag: { name: "v20240521-prod-redis-tune", atMs: start + 260 * second },
    files: { [order]: "a: 3\n", "env/prod/extra.yaml": "b: 1\n" },
  },
  { author: "cy", subject: "Elsewhere", mergedAtMs: start + 300 * second, files: { "other.yaml": "x: 2\n" } },
  {
    author: "cy",
    subject: "Take it away",
    mergedAtMs: start + 400 * second,
    tag: { name: "v20240521-prod-redis", atMs: start + 400 * second },
    files: { "env/prod/extra.yaml": undefined },
  },
];

const proposals: readonly ContractProposal[] = [
  {
    name: "42",
    author: "ana",
    subject: "More of a",
    after: 2,
    files: { "other.yaml": "x: 1\n", "env/prod/new.yaml": "c: 1\n" },
  },
  { name: "tune-a", author: "bo", subject: "Less of a", after: 5, files: { [order]: "a: 0\n" } },
  { name: "tune-b", author: "cy", subject: "Late", after: 2, files: { [order]: "a: 9\n" } },
];

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function configHistoryContract(
  name: string,
  open: (
    commits: readonly ContractCommit[],
    proposals: readonly ContractProposal[],
  ) => Promise<{ readonly history: ConfigHistory; readonly close: () => Promise<void> }>,
): void {
  describe(`${name} as a history of configuration`, () => {
    const opened: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const close of opened.splice(0)) await close();
    });
    // Nothing is changed in it: one is enough for all.
    let begun: Promise<ConfigHistory> | undefined;
    async function begin(): Promise<ConfigHistory> {
      begun ??= open(commits, proposals).then(({ history, close }) => {
        opened.push(async () => {
          await history.close();
          await close();
        });
        return history;
      });
      return await begun;
    }

    test("tells what touched the paths within the window, the latest first, by tag or merge", async () => {
      const history = await begin();
      const window = { paths: ["env/prod"], sinceMs: start + 50 * second, untilMs: start + 500 * second };
      const { revisions, notes } = await history.changes(window, never);
      expect(notes).toEqual([]);
      expect(
        revisions.map(({ subject, author, tag, atMs }) => [subject, author, tag, (atMs - start) / second]),
      ).toEqual([
        ["Take it away", "cy", "v20240521-prod-redis", 400],
        ["Tune redis", "ana", "v20240521-prod-redis-tune", 260],
        ["Idle", "bo", "v20240521-prod-redis-tune", 260],
      ]);
      expect(revisions[0]?.revision).toMatch(/^[0-9a-f]{40,64}$/);
    });

    test("knows nothing that came after the moment, not even a tag", async () => {
      const history = await begin();
      const window = { paths: [order], sinceMs: start - second, untilMs: start + 210 * second };
      const { revisions } = await history.changes(window, never);
      expect(revisions.map(({ subject, tag }) => [subject, tag])).toEqual([
        ["Tune redis", undefined],
        ["Idle", undefined],
        ["Begin", "v0"],
      ]);
    });

    test("has the first tag of all stand for its own commit only", async () => {
      const history = await open(
        [
          { author: "ana", subject: "Old", mergedAtMs: start, files: { [order]: "a: 1\n" } },
          {
            author: "ana",
            subject: "New",
            mergedAtMs: start + 200 * second,
            tag: { name: "v1", atMs: start + 300 * second },
            files: { [order]: "a: 2\n" },
          },
        ],
        [],
      );
      opened.push(() => history.close());
      const window = { paths: [order], sinceMs: start + 50 * second, untilMs: start + 500 * second };
      const { revisions } = await history.history.changes(window, never);
      expect(revisions.map(({ subject, tag }) => [subject, tag])).toEqual([["New", "v1"]]);
    });

    test("hands out both states of each file", async () => {
      const history = await begin();
      const window = { paths: ["env"], sinceMs: start + 220 * second, untilMs: start + 500 * second };
      const { revisions } = await history.changes(window, never);
      expect(
        revisions.flatMap(({ files }) =>
          files.map(({ path, before, after }) => [path, text(before), text(after)]),
        ),
      ).toEqual([
        ["env/prod/extra.yaml", "b: 1\n", "absent"],
        ["env/prod/extra.yaml", "absent", "b: 1\n"],
        [order, "a: 2\n", "a: 3\n"],
        [order, "a: 1\n", "a: 2\n"],
      ]);
    });

    test("says what the branch is at, and what it was at before each change", async () => {
      const history = await begin();
      const window = { paths: [order], sinceMs: start - second, untilMs: start + 500 * second };
      const [tune, idle, first] = (await history.changes(window, never)).revisions;
      expect([tune?.parents, first?.parents]).toEqual([[idle?.revision], []]);
      const latest = await history.find("v20240521-prod-redis", never);
      expect(latest).toMatchObject({ revision: await history.tip(never) });
    });

    test("says nothing of paths that nobody touched", async () => {
      const history = await begin();
      const window = { paths: ["env/dev"], sinceMs: 0, untilMs: start + 500 * second };
      expect(await history.changes(window, never)).toEqual({ revisions: [], notes: [] });
    });

    test("finds revisions by name and by the beginning of one, and lists what it could be", async () => {
      const history = await begin();
      const tune = await history.find("v20240521-prod-redis-tune", never);
      expect(await history.find("v20240521-prod-redis-t", never)).toEqual(tune);
      // Its own name, although another begins with it.
      expect(await history.find("v20240521-prod-redis", never)).toMatchObject({
        name: "v20240521-prod-redis",
      });
      const several = await history.find("v20240521-prod", never);
      expect("candidates" in several ? [...several.candidates].sort() : several).toEqual([
        "v20240521-prod-redis",
        "v20240521-prod-redis-tune",
      ]);
      expect(await history.find("nothing", never)).toEqual({ candidates: [] });
      expect(await history.find("--all", never)).toEqual({ candidates: [] });
      expect(await history.find("", never)).toEqual({ candidates: [] });
    });

    test("takes no fewer than four digits for the beginning of a commit's hash", async () => {
      const history = await begin();
      const { revision } = { revision: "", ...(await history.find("v0", never)) };
      expect(await history.find(revision.slice(0, 12), never)).toMatchObject({ revision });
      expect(await history.find(revision.slice(0, 3), never)).toEqual({ candidates: [] });
    });

    test("tells the twenty latest changes, and that there are more", async () => {
      const many = Array.from({ length: 22 }, (_, at) => ({
        author: "ana",
        subject: `Change ${at}`,
        mergedAtMs: start + at * second,
        files: { [order]: `a: ${at}\n` },
      }));
      const { history, close } = await open(many, []);
      opened.push(async () => {
        await history.close();
        await close();
      });
      const window = { paths: [order], sinceMs: start, untilMs: start + 500 * second };
      const { revisions, notes } = await history.changes(window, never);
      expect(revisions.map(({ subject }) => subject)).toEqual(
        many
          .map(({ subject }) => subject)
          .toReversed()
          .slice(0, 20),
      );
      expect(notes).toEqual([expect.stringContaining("22")]);
    });

    test("compares two revisions", async () => {
      const history = await begin();
      const [base, head] = [
        await history.find("v20240521-prod-redis-tune", never),
        await history.find("v20240521-prod-redis", never),
      ];
      if (!("revision" in base) || !("revision" in head)) throw new Error("both are there");
      const { files, more } = await history.between(base.revision, head.revision, [], never);
      expect(files.map(({ path, after }) => [path, text(after)])).toEqual([
        ["env/prod/extra.yaml", "absent"],
        ["other.yaml", "x: 2\n"],
      ]);
      expect(more).toBe(0);
      expect((await history.between(base.revision, head.revision, ["env"], never)).files).toHaveLength(1);
      expect((await history.between(base.revision, base.revision, [], never)).files).toEqual([]);
    });

    test("says that there is no such revision, and not that nothing differs", async () => {
      const history = await begin();
      const tip = await history.tip(never);
      const gone = "0123456789abcdef0123456789abcdef01234567";
      for (const [base, head] of [
        [gone, tip],
        [tip, gone],
      ] as const) {
        await expect(history.between(base, head, [], never)).rejects.toMatchObject({ code: "not-found" });
      }
    });

    const environments = new Map([
      ["prod", ["env/prod"]],
      ["other", ["other.yaml"]],
    ]);

    async function proposed(history: ConfigHistory, name: string, tip?: string): Promise<ProposedTree> {
      const question = { name, environments, ...(tip === undefined ? {} : { tip }) };
      const found = await history.proposal(question, never);
      if ("candidates" in found) throw new Error(`${name} is a proposal`);
      return found;
    }

    test("says what merging a proposal would leave, and who wrote it", async () => {
      const history = await begin();
      const found = await proposed(history, "42");
      expect(found).toMatchObject({
        name: "42",
        subject: "More of a",
        addresses: ["ana@example.com"],
        tip: await history.tip(never),
        problems: [],
      });
      expect(found.head).toMatch(/^[0-9a-f]{40,64}$/);
      const window = { paths: [order], sinceMs: start + 50 * second, untilMs: start + 150 * second };
      const [left] = (await history.changes(window, never)).revisions;
      expect(found.base).toBe(left?.revision);
      // Its other file is as in the branch when it began, so what the branch made of it since stays.
      expect(found.environments.map((one) => one.name)).toEqual(["prod"]);
      const [prod] = found.environments;
      expect(prod?.files.map(({ path, before, after }) => [path, text(before), text(after)])).toEqual([
        ["env/prod/new.yaml", "absent", "c: 1\n"],
      ]);
      expect(prod?.problems).toEqual([]);
    });

    test("has a digest of all files as they would be, and as they are", async () => {
      const history = await begin();
      const [prod] = (await proposed(history, "tune-a")).environments;
      // sha256sum of "a: 0\n" and of "a: 3\n", a line each as sha256sum has it; the SHA-256 of that.
      expect(prod?.digest).toBe("h1:cNxRYcZdT8T1iZ4aVUztFS4EQag4DahN+FZWk5AcCTo=");
      expect(prod?.was).toBe("h1:FyajngF/ojJCSslaErcM5Bb5hpmcKa6rybY2RAcxXbc=");
      const [later] = (await proposed(history, "42")).environments;
      expect(later?.was).toBe(prod?.was);
    });

    test("says in which files a proposal cannot be merged", async () => {
      const history = await begin();
      const found = await proposed(history, "tune-b");
      expect(found.environments).toEqual([]);
      expect(found.problems).toEqual([expect.stringContaining(order)]);
      const window = { paths: [order], sinceMs: start + 50 * second, untilMs: start + 150 * second };
      const [tip] = (await history.changes(window, never)).revisions;
      expect((await proposed(history, "tune-b", tip?.revision)).problems).toEqual([]);
    });

    test("says of an environment without any file that there is none", async () => {
      const history = await begin();
      const found = await history.proposal(
        { name: "42", environments: new Map([["typo", ["env/prd"]]]) },
        never,
      );
      expect(found).toMatchObject({
        environments: [{ name: "typo", files: [], problems: [expect.stringContaining("nothing at")] }],
      });
    });

    test("says which proposals a name could mean, and of a number that there is none", async () => {
      const history = await begin();
      const several = await history.proposal({ name: "tune", environments }, never);
      expect("candidates" in several ? [...several.candidates].sort() : several).toEqual([
        "tune-a",
        "tune-b",
      ]);
      expect(await history.proposal({ name: "nothing", environments }, never)).toEqual({ candidates: [] });
      expect(await history.proposal({ name: "--all", environments }, never)).toEqual({ candidates: [] });
      await expect(history.proposal({ name: "43", environments }, never)).rejects.toMatchObject({
        code: "not-found",
      });
    });

    test("gives up when it is told to", async () => {
      const history = await begin();
      const tip = await history.tip(never);
      const reason = new Error("enough");
      const stopped = AbortSignal.abort(reason);
      const window = { paths: ["env"], sinceMs: 0, untilMs: start };
      await expect(history.changes(window, stopped)).rejects.toBe(reason);
      await expect(history.tip(stopped)).rejects.toBe(reason);
      await expect(history.find("v0", stopped)).rejects.toBe(reason);
      await expect(history.between(tip, tip, [], stopped)).rejects.toBe(reason);
      await expect(history.proposal({ name: "42", environments }, stopped)).rejects.toBe(reason);
    });
  });
}

function text(state: FileState): string {
  if (state === "absent") return state;
  return "unread" in state ? state.unread : new TextDecoder().decode(state);
}
