import { describe, expect, onTestFinished, test } from "vitest";
import type { WriteWay } from "../../src/domain/configuration/rollback.ts";
import type { ConfigWriter, PreparedWrite } from "../../src/ports/config-writer.ts";

const never = new AbortController().signal;
const order = "env/prod/order.yaml";
const payment = "env/prod/payment.yaml";
const note = { subject: "Roll back: redis.max_active 0 -> 200", body: "Asked for by U1, agreed by U2." };

type Files = Readonly<Record<string, string | undefined>>;

/** What is written to, and how somebody else works there. */
export interface WriterWorld {
  readonly writer: ConfigWriter;
  /** Full hash of each commit that it was made of. */
  readonly commits: readonly string[];
  commit(files: Files): string;
  /** What a branch holds; undefined where there is none. */
  files(branch: string): Readonly<Record<string, string>> | undefined;
  close(): Promise<void>;
}

const begin: Files = { [order]: "max_active: 200\n", [payment]: "max_active: 100\n", "doc.md": "one\n" };
const tune: Files = { [order]: "max_active: 0\n", [payment]: "max_active: 0\n" };
const elsewhere: Files = { "doc.md": "two\n" };

async function prepared({ writer }: WriterWorld, way: WriteWay): Promise<PreparedWrite> {
  const result = await writer.prepare(way, never);
  if (result.kind !== "prepared") throw new Error(`it is ${JSON.stringify(result)}`);
  return result;
}

const tuned = ({ commits }: WriterWorld): WriteWay => ({ kind: "revert", revision: commits[1] ?? "" });

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function configWriterContract(
  name: string,
  open: (commits: readonly Files[], push: ConfigWriter["push"]) => Promise<WriterWorld>,
): void {
  async function world(push: ConfigWriter["push"] = "branch"): Promise<WriterWorld> {
    const made = await open([begin, tune, elsewhere], push);
    onTestFinished(async () => {
      await made.writer.close();
      await made.close();
    });
    return made;
  }

  describe(`${name} as a writer of configuration`, () => {
    test("takes a change back in all of its files, and keeps what came later", async () => {
      const made = await world();
      const plan = await prepared(made, tuned(made));
      expect(plan.files.map(({ path, before, after }) => [path, text(before), text(after)])).toEqual([
        [order, "max_active: 0\n", "max_active: 200\n"],
        [payment, "max_active: 0\n", "max_active: 100\n"],
      ]);
      const written = await made.writer.write(plan, "rb1", note, never);
      expect(written).toMatchObject({ branch: "main", onto: made.commits[2] });
      expect(made.files("main")).toEqual({ ...begin, "doc.md": "two\n" });
      expect(await made.writer.prepare(tuned(made), never)).toEqual({ kind: "nothing" });
    });

    test("puts the named paths back to a version, and nothing else", async () => {
      const made = await world();
      const plan = await prepared(made, {
        kind: "restore",
        revision: made.commits[0] ?? "",
        paths: [order, "nothing/here"],
      });
      expect(plan.files.map(({ path }) => path)).toEqual([order]);
      await made.writer.write(plan, "rb1", note, never);
      expect(made.files("main")).toEqual({ ...begin, [payment]: "max_active: 0\n", "doc.md": "two\n" });
    });

    test("takes away and brings back whole files", async () => {
      const made = await world();
      const change = made.commit({ [order]: undefined, "env/prod/extra.yaml": "a: 1\n" });
      const plan = await prepared(made, { kind: "revert", revision: change });
      await made.writer.write(plan, "rb1", note, never);
      expect(made.files("main")).toEqual({ ...begin, ...tune, "doc.md": "two\n" });
      made.commit({ [order]: undefined, "env/prod/extra.yaml": "a: 1\n" });
      const folder = { kind: "restore", revision: made.commits[0] ?? "", paths: ["env/prod"] } as const;
      await made.writer.write(await prepared(made, folder), "rb2", note, never);
      expect(made.files("main")).toEqual({ ...begin, "doc.md": "two\n" });
    });

    test("names the files that stand in the way, and pushes nothing", async () => {
      const made = await world();
      made.commit({ [order]: "max_active: 7\n" });
      expect(await made.writer.prepare(tuned(made), never)).toEqual({ kind: "conflict", files: [order] });
    });

    test("says that there is no such revision, or nothing before it", async () => {
      const made = await world();
      const revision = "0123456789abcdef0123456789abcdef01234567";
      const notThere = { name: "PortError", code: "not-found" };
      await expect(made.writer.prepare({ kind: "revert", revision }, never)).rejects.toMatchObject(notThere);
      const restored = { kind: "restore", revision, paths: [order] } as const;
      await expect(made.writer.prepare(restored, never)).rejects.toMatchObject(notThere);
      const first = { kind: "revert", revision: made.commits[0] ?? "" } as const;
      await expect(made.writer.prepare(first, never)).rejects.toMatchObject(notThere);
      expect(made.files("main")).toEqual({ ...begin, ...tune, "doc.md": "two\n" });
    });

    test("does not write onto a branch that moved, and makes the same plan anew where it is the same", async () => {
      const made = await world();
      const plan = await prepared(made, tuned(made));
      made.commit({ "doc.md": "three\n" });
      expect(await made.writer.write(plan, "rb1", note, never)).toBe("moved");
      expect(made.files("main")?.[order]).toBe("max_active: 0\n");
      const anew = await prepared(made, tuned(made));
      expect(anew.digest).toBe(plan.digest);
      expect(anew.tip).not.toBe(plan.tip);
      made.commit({ [payment]: "max_active: 0\nmore: 1\n" });
      const other = await made.writer.prepare(tuned(made), never);
      expect("digest" in other ? other.digest : "a conflict").not.toBe(plan.digest);
    });

    test("writes once for an id, however often it is asked", async () => {
      const made = await world();
      const plan = await prepared(made, tuned(made));
      expect(await made.writer.written("rb1", never)).toBeUndefined();
      const first = await made.writer.write(plan, "rb1", note, never);
      expect(await made.writer.write(plan, "rb1", note, never)).toEqual(first);
      expect(await made.writer.written("rb1", never)).toEqual(first);
      made.commit({ "doc.md": "three\n" });
      expect(await made.writer.written("rb1", never)).toEqual(first);
      expect(await made.writer.written("rb", never)).toBeUndefined();
    });

    test("of two at the same time one writes", async () => {
      const made = await world();
      const plan = await prepared(made, tuned(made));
      const [one, two] = await Promise.all(
        ["rb1", "rb2"].map((id) => made.writer.write(plan, id, note, never)),
      );
      expect([one, two].filter((result) => result === "moved")).toHaveLength(1);
    });

    test("proposes beside the branch, once", async () => {
      const made = await world("proposal");
      const plan = await prepared(made, tuned(made));
      const first = await made.writer.write(plan, "rb1", note, never);
      expect(first).toMatchObject({ branch: "gofire/rollback-rb1", onto: plan.tip });
      expect(made.files("gofire/rollback-rb1")).toEqual({ ...begin, "doc.md": "two\n" });
      expect(made.files("main")?.[order]).toBe("max_active: 0\n");
      expect(await made.writer.written("rb1", never)).toEqual(first);
      expect(await made.writer.write(plan, "rb1", note, never)).toEqual(first);
    });

    test("may be asked whether it could, and writes nothing for it", async () => {
      const made = await world();
      await made.writer.tryPush(never);
      expect(made.files("main")).toEqual({ ...begin, ...tune, "doc.md": "two\n" });
    });

    test("gives up when it is told to", async () => {
      const made = await world();
      const plan = await prepared(made, tuned(made));
      const reason = new Error("enough");
      const stopped = AbortSignal.abort(reason);
      await expect(made.writer.prepare(tuned(made), stopped)).rejects.toBe(reason);
      await expect(made.writer.write(plan, "rb1", note, stopped)).rejects.toBe(reason);
      await expect(made.writer.written("rb1", stopped)).rejects.toBe(reason);
      await expect(made.writer.tryPush(stopped)).rejects.toBe(reason);
      expect(made.files("main")).toEqual({ ...begin, ...tune, "doc.md": "two\n" });
    });
  });
}

function text(state: Uint8Array | "absent" | { readonly unread: string }): string {
  if (state === "absent") return state;
  return "unread" in state ? state.unread : new TextDecoder().decode(state);
}
