import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerChat } from "../../../src/commands/chat/dispatch.ts";
import type { ChatReply } from "../../../src/domain/chat/chat-reply.ts";
import type { PublishedConfig } from "../../../src/domain/configuration/config-change.ts";
import { inTheWay } from "../../../src/domain/configuration/rollback-request.ts";
import type { RollbackStep } from "../../../src/domain/configuration/rollback-step.ts";
import { PortError, UsageError } from "../../../src/domain/errors.ts";
import { gitHistory } from "../../../src/integrations/git/history.ts";
import { rollbackPlan } from "../../../src/jobs/rollbacks/plan.ts";
import type { ConfigHistory } from "../../../src/ports/config-history.ts";
import type { ConfigWriter } from "../../../src/ports/config-writer.ts";
import type { RollbackSteps } from "../../../src/ports/rollback-steps.ts";
import { rollbackCommand } from "../../../src/render/rollback-commands.ts";
import { analysis, finding } from "../../commands/chat/analyses.ts";
import { type Asking, asking, expectKind, never } from "../../commands/chat/asking.ts";
import { type FakeCommit, fakeConfigHistory } from "../../fakes/config-history.ts";
import { fakeConfigWriter } from "../../fakes/config-writer.ts";
import { everybodyMay } from "../../fakes/rights.ts";
import { type GitRepository, gitRepository } from "../../integrations/git-repository.ts";
import { redisProgram } from "../../integrations/redis-server.ts";

const minute = 60_000;
const now = Math.floor(Date.now() / 1000) * 1000;
const order = "prod/order.yaml";
const payment = "prod/payment.yaml";

function commit(digit: string, ageMs: number, files: FakeCommit["files"], tag?: string): FakeCommit {
  const atMs = now - ageMs;
  return {
    revision: digit.repeat(40),
    author: "ana",
    subject: `Change ${digit}`,
    mergedAtMs: atMs,
    ...(tag === undefined ? {} : { tag: { name: tag, atMs } }),
    files,
  };
}
const text = (maxActive: number, rest = "") => `redis:\n  max_active: ${maxActive}\n${rest}`;
const begin = commit("a", 900 * minute, { [order]: text(200), [payment]: text(100) }, "v1-prod");

function failing(reason: Error): ConfigHistory {
  return { ...fakeConfigHistory([begin]), changes: () => Promise.reject(reason) };
}

let asked = 0;

describe.skipIf(redisProgram === undefined)("rollback", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(50);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  /** What the person is told: at once by the command, else by the worker that takes it up. */
  async function ask(
    words: string,
    history?: ConfigHistory,
    thread?: string,
    writer?: ConfigWriter,
  ): Promise<ChatReply> {
    const steps: RollbackStep[] = [];
    const place = { channel: "C1", ...(thread === undefined ? {} : { thread }) };
    const request = { intent: `rollback ${asked++}`, kind: "command", userId: "U1", place, words } as const;
    const rollbackSteps: RollbackSteps = {
      async ask(step) {
        await Promise.resolve();
        steps.push(step);
      },
    };
    const reply = await answerChat(request, { ...chat.ports, rollbackSteps }, never);
    const [step] = steps;
    if (step?.does.kind !== "plan" || history === undefined) return reply;
    expect(reply).toEqual({ kind: "rollback-looking", does: step.does, place });
    const files = { history, paths: [order, "charts/order"], ...(writer === undefined ? {} : { writer }) };
    const configs = {
      of: (service: string | undefined) => (service === "order" ? files : undefined),
    };
    return await rollbackPlan(
      { ...step.does, place, userId: "U1" },
      { ...chat.ports, configs, rights: everybodyMay() },
      never,
    );
  }
  async function rollbackOf(words: string, history: ConfigHistory, thread?: string, writer?: ConfigWriter) {
    return expectKind(await ask(words, history, thread, writer), "rollback").rollback;
  }

  describe("where gofire may write", () => {
    const tune = commit("b", 14 * minute, { [order]: text(0) });

    test("a plan says what exactly would be written, or in which files git cannot do it", async () => {
      const { writer } = fakeConfigWriter([begin, tune]);
      const plan = await rollbackOf("rollback order", fakeConfigHistory([begin, tune]), undefined, writer);
      expect(plan.writable).toEqual({
        push: "branch",
        way: { kind: "revert", revision: "b".repeat(40) },
        conflicts: [],
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const tag = await rollbackOf("rollback order v1", fakeConfigHistory([begin, tune]), undefined, writer);
      expect(tag.writable).toMatchObject({ conflicts: [], digest: expect.any(String) });
      const again = [begin, tune, commit("c", 5 * minute, { [order]: text(7) })];
      const behind = await rollbackOf(
        "rollback order",
        fakeConfigHistory([begin, tune]),
        undefined,
        fakeConfigWriter(again).writer,
      );
      expect(behind.writable).toMatchObject({ push: "branch", conflicts: [order] });
      expect(behind.writable?.digest).toBeUndefined();
    });

    test("what would come back of a long text is not shown, so nobody is asked to agree to it", async () => {
      const long = `conf: "${"x".repeat(150)}`;
      const commits = [
        commit("a", 900 * minute, { [order]: text(200, `${long}a"\n`) }),
        commit("b", 14 * minute, { [order]: text(0, `${long}b"\n`) }),
      ];
      const plan = await rollbackOf(
        "rollback order",
        fakeConfigHistory(commits),
        undefined,
        fakeConfigWriter(commits).writer,
      );
      expect(plan.own.map(({ path, to }) => [path, to])).toEqual([
        ["redis.max_active", "200"],
        ["conf", "text of 151 characters"],
      ]);
      expect(inTheWay(plan)).toBe(`what comes back in ${order} cannot be shown`);
    });

    test("a plan is told even where it cannot be found out, and says so", async () => {
      const refused = new PortError("unavailable", "config", "the remote does not answer");
      const writer = { ...fakeConfigWriter([begin, tune]).writer, prepare: () => Promise.reject(refused) };
      const plan = await rollbackOf("rollback order", fakeConfigHistory([begin, tune]), undefined, writer);
      expect(plan.own).toHaveLength(1);
      expect(plan.writable).toMatchObject({ problem: "the remote does not answer" });
      expect(plan.writable?.digest).toBeUndefined();
    });
  });

  describe("of the newest change", () => {
    test("says what comes back, also in files of others that the same change touched", async () => {
      const tune = commit("b", 14 * minute, { [order]: text(0), [payment]: text(0) }, "v2-prod");
      const { way, own, others, moved, later, notes } = await rollbackOf(
        "rollback order",
        fakeConfigHistory([begin, tune]),
      );
      expect(way).toMatchObject({
        kind: "revert",
        revision: "b".repeat(40),
        name: "v2-prod",
        isMerge: false,
      });
      expect("incident" in way).toBe(false);
      const change = { path: "redis.max_active", kind: "changed", from: "0" };
      expect(own).toEqual([{ ...change, file: order, to: "200" }]);
      expect(others).toEqual([{ ...change, file: payment, to: "100" }]);
      expect([moved, later, notes]).toEqual([[], [], []]);
    });

    test("tells values that changed once more, those that are as before already, and later changes", async () => {
      const { own, moved, already, later } = await rollbackOf(
        "rollback order",
        fakeConfigHistory([
          begin,
          commit("b", 50 * minute, { [order]: text(0, "a: 1\nb: 1\npassword: hunter2\n") }, "v2"),
          commit("c", 40 * minute, { [payment]: text(5) }),
          // The newest one that touches the service's own values.
          commit("d", 30 * minute, {
            [order]: text(50, "a: 2\nb: 2\npassword: hunter3\n"),
            "x.yaml": "x: 1\n",
          }),
          commit("e", 20 * minute, { "x.yaml": "x: 2\n" }),
          commit("f", 10 * minute, { "x.yaml": "x: 3\ny: 1\n" }),
        ]),
      );
      expect(own.map(({ path, from, to }) => [path, from, to])).toEqual([
        ["redis.max_active", "50", "0"],
        ["a", "2", "1"],
        ["b", "2", "1"],
        ["password", undefined, undefined],
      ]);
      expect(moved.map(({ since }) => [since.file, since.from, since.to])).toEqual([["x.yaml", "1", "3"]]);
      expect(already).toBe(0);
      expect(later.map(({ name, values }) => [name, values])).toEqual([
        ["f".repeat(10), 2],
        ["e".repeat(10), 1],
      ]);
    });

    test("knows a change that has rolled another one back, and does not bring that again without a word", async () => {
      const tune = commit("b", 50 * minute, { [order]: text(0) }, "v2");
      const undo = commit("c", 5 * minute, { [order]: text(200) }, "v3");
      const { way } = await rollbackOf("rollback order", fakeConfigHistory([begin, tune, undo]));
      expect(way).toMatchObject({ name: "v3", undoes: "v2" });
      const tag = await rollbackOf("rollback order v2", fakeConfigHistory([begin, tune, undo]));
      expect("undoes" in tag.way).toBe(false);
    });

    test("says that there was none, and how to go further back", async () => {
      const comment = commit("b", 5 * minute, { [order]: `# tuned\n${text(200)}` });
      const reply = expectKind(await ask("rollback order", fakeConfigHistory([begin, comment])), "refused");
      expect(reply.why).toBe(
        "No configuration of order changed within 6 h, so there is nothing to roll back.",
      );
      expect(reply.next).toContain("rollback order TAG");
    });

    test("cannot go behind the beginning", async () => {
      const only = commit("a", 5 * minute, { [order]: text(0) });
      expect(expectKind(await ask("rollback order", fakeConfigHistory([only])), "refused").why).toContain(
        "there is nothing before it",
      );
    });
  });

  test("in an incident's thread it is the change that its findings suspect", async () => {
    const tune = commit("b", 50 * minute, { [order]: text(0) }, "v2");
    const history = fakeConfigHistory([
      begin,
      tune,
      commit("c", 40 * minute, { [order]: text(0, "log: info\n") }),
    ]);
    const atMs = now - 36 * minute;
    const { revisions } = await history.changes(
      { paths: [order], sinceMs: now - 60 * minute, untilMs: atMs },
      never,
    );
    const config: PublishedConfig = {
      repository: "config",
      paths: [order],
      atMs,
      windowMs: 360 * minute,
      notes: [],
      revisions: revisions.map(({ revision, author, subject, atMs }) => {
        const couldExplain = { finding: "f1", reason: "a smaller pool has callers wait sooner" };
        const change = {
          file: order,
          path: "redis.max_active",
          kind: "changed",
          from: "200",
          to: "0",
        } as const;
        const changes = [{ ...change, ...(revision.startsWith("b") ? { couldExplain } : {}) }];
        return { revision, author, subject, atMs, changes, more: 0, uncompared: [] };
      }),
    };
    const judged = analysis({ findings: [finding("f1", "pool/exhausted")], config });
    const { id } = await chat.judged(judged, { place: { channel: "C1", thread: "17.1" } });
    const { way, own, later } = await rollbackOf("rollback order", history, "17.1");
    expect(way).toMatchObject({
      revision: "b".repeat(40),
      incident: { id, moment: "the capture", momentMs: atMs, suspected: { finding: "f1" } },
    });
    expect(own.map(({ to }) => to)).toEqual(["200"]);
    expect(later.map(({ name }) => name)).toEqual(["c".repeat(10)]);
    const undone = fakeConfigHistory([begin, tune, commit("d", minute, { [order]: text(200) })]);
    expect(expectKind(await ask("rollback order", undone, "17.1"), "refused").why).toBe(
      "All that v2 changed is as before already: there is nothing to roll back.",
    );
    const rewritten = fakeConfigHistory([begin, commit("e", 45 * minute, { [order]: text(7) })]);
    expect((await rollbackOf("rollback order", rewritten, "17.1")).notes).toEqual([
      `The findings of ${id} suspect bbbbbbbbbb, which the branch no longer has: this is the newest one that it has.`,
    ]);
    // Outside of the thread nothing is known of it.
    expect((await rollbackOf("rollback order", history)).way).toMatchObject({ revision: "c".repeat(40) });
  });

  describe("to a tag", () => {
    const tune = commit("b", 14 * minute, { [order]: text(0), [payment]: text(0) }, "v2-prod");
    const history = fakeConfigHistory([begin, tune]);

    test("says what its files would have then, and nothing of other files", async () => {
      const { way, own, others } = await rollbackOf("rollback order v1", history);
      expect(way).toEqual({ kind: "restore", revision: "a".repeat(40), name: "v1-prod", paths: [order] });
      expect(own.map(({ file, from, to }) => [file, from, to])).toEqual([[order, "0", "200"]]);
      expect(others).toEqual([]);
    });

    test.each([
      ["v", '"v" could be v1-prod, v2-prod: write one of them.'],
      [
        "nope",
        'config has no tag or revision that begins with "nope". Write the whole name of a tag, or some digits of a commit.',
      ],
    ])("says what %s could be", async (tag, problem) => {
      await expect(ask(`rollback order ${tag}`, history)).rejects.toThrow(new UsageError(problem));
    });

    test("says that it is the same", async () => {
      expect(expectKind(await ask("rollback order v2-prod", history), "refused").why).toBe(
        "The configuration of order is the same now as in v2-prod: there is nothing to put back.",
      );
    });
  });

  test("says what is missing where nobody said where configuration is", async () => {
    const question = { service: "order", place: { channel: "C1" }, userId: "U1" };
    const nowhere = await rollbackPlan(question, { ...chat.ports, rights: everybodyMay() }, never);
    expect(expectKind(nowhere, "refused").why).toContain("has no configHistory");
    const why = expectKind(await ask("rollback payment", fakeConfigHistory([begin])), "refused").why;
    expect(why).toContain("no services.payment.config");
    expect(expectKind(await ask("rollback"), "help").problem).toBe("rollback needs a SERVICE.");
  });

  test("says what git says for good; what may be otherwise a moment later is tried again", async () => {
    const closed = new PortError("forbidden", "config", "the token may not read it");
    expect(expectKind(await ask("rollback order", failing(closed)), "refused").why).toBe(
      "config cannot be read: the token may not read it.",
    );
    const away = new PortError("unavailable", "config", "the remote does not answer");
    await expect(ask("rollback order", failing(away))).rejects.toBe(away);
  });

  describe("over a real repository", () => {
    let repository: GitRepository;
    let history: ConfigHistory;
    beforeEach(() => {
      repository = gitRepository();
      repository.git(["config", "user.name", "mira"]);
      repository.git(["config", "user.email", "mira@example.com"]);
      history = gitHistory({ repository: repository.folder, branch: "main" }, "/nowhere");
      const atMs = now - 900 * minute;
      repository.commit(
        { [order]: text(200), "charts/order/a b.yaml": "a: 1\n" },
        { subject: "Begin", atMs },
      );
      repository.git(["tag", "--annotate", "v1-prod", "--message", "x"], { atMs });
    });
    afterEach(async () => {
      await history.close();
      repository.remove();
    });

    /** Runs what is printed, as somebody would who pastes it. */
    async function paste(words: string): Promise<string> {
      const command = rollbackCommand(await rollbackOf(words, history));
      execFileSync("sh", ["-c", command ?? "exit 1"], { cwd: repository.folder, stdio: "pipe" });
      expect(repository.git(["status", "--porcelain"])).toBe("");
      return command ?? "";
    }
    const value = () => readFileSync(join(repository.folder, order), "utf8");

    test("the printed commands put the value back before a change", async () => {
      const revision = repository.commit({ [order]: text(0) }, { subject: "Tune", atMs: now - 14 * minute });
      expect(await paste("rollback order")).toBe(
        `git switch main && git fetch && git revert --no-edit ${revision}`,
      );
      expect(value()).toBe(text(200));
    });

    test("git stops, and changes nothing, where a value is told to have changed again", async () => {
      repository.commit(
        { [order]: text(0), "x.yaml": "x: 1\n" },
        { subject: "Tune", atMs: now - 14 * minute },
      );
      repository.commit({ "x.yaml": "x: 2\n" }, { subject: "Else", atMs: now - 4 * minute });
      const { moved } = await rollbackOf("rollback order", history);
      expect(moved.map(({ since }) => since.path)).toEqual(["x"]);
      await expect(paste("rollback order")).rejects.toThrow(/conflict/i);
      repository.git(["revert", "--abort"]);
      expect(value()).toBe(text(0));
    });

    test("the same of a merge", async () => {
      repository.git(["checkout", "--quiet", "-b", "tune"]);
      repository.commit({ [order]: text(0) }, { subject: "Tune", atMs: now - 30 * minute });
      repository.git(["checkout", "--quiet", "main"]);
      repository.commit({ "other.yaml": "a: 1\n" }, { subject: "Else", atMs: now - 20 * minute });
      repository.git(["merge", "--quiet", "--no-ff", "--message", "Merge tune", "tune"], {
        atMs: now - 14 * minute,
      });
      expect(await paste("rollback order")).toContain("git revert --no-edit -m 1 ");
      expect(value()).toBe(text(200));
    });

    test("the same back to a tag, with files that were added or removed since", async () => {
      const files = {
        [order]: text(0),
        "charts/order/a b.yaml": undefined,
        "charts/order/it's*.yaml": "n: 1\n",
      };
      repository.commit(files, { subject: "Tune", atMs: now - 14 * minute });
      repository.commit({ "other.yaml": "a: 1\n" }, { subject: "Else", atMs: now - 10 * minute });
      expect(await paste("rollback order v1")).toContain("restore --source=v1-prod --staged --worktree -- ");
      expect(value()).toBe(text(200));
      expect(repository.git(["diff", "--name-only", "v1-prod", "HEAD"])).toBe("other.yaml\n");
    });
  });
});
