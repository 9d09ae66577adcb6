import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signedCheckpoint } from "../../src/audit/checkpoint.ts";
import { entryOf, readEntry } from "../../src/audit/entry.ts";
import { Growth } from "../../src/audit/growth.ts";
import type { Signer } from "../../src/audit/keys.ts";
import { bundleOf, claimPath } from "../../src/audit/tiles.ts";
import { type LogVerdict, verifyLog } from "../../src/audit/verify.ts";
import { approval } from "../contracts/approval.ts";
import { seededSigner, testOrigin, testSigner } from "./keys.ts";

type Files = Map<string, Uint8Array>;

function entry(id: number | string, signer = testSigner): Uint8Array {
  return entryOf(approval(`act:${id}`), signer);
}

/** A log as its files; `kept`: with gofire's own, and with every partial file there ever was. */
function logOf(entries: readonly Uint8Array[], { kept = false, signer = testSigner } = {}): Files {
  const growth = new Growth();
  const files: Files = new Map();
  const note = () => Buffer.from(signedCheckpoint({ size: growth.size, root: growth.root() }, signer));
  files.set("checkpoint", note());
  for (const [index, bytes] of entries.entries()) {
    const isLast = index === entries.length - 1;
    for (const { path, bytes: full } of growth.append(bytes)) files.set(path, full);
    if (kept || isLast) for (const { path, bytes: part } of growth.partial()) files.set(path, part);
    if (kept) files.set(claimPath(index), bytes);
    files.set("checkpoint", note());
  }
  return files;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => entry(index));

async function verdictOf(
  files: Files,
  {
    isOwn = false,
    since,
    leastSize = 0,
    signer = testSigner,
  }: { isOwn?: boolean; since?: Uint8Array; leastSize?: number; signer?: Signer } = {},
): Promise<LogVerdict> {
  const read = (path: string) => Promise.resolve(files.get(path));
  const older = since === undefined ? undefined : { name: "last-week", note: Buffer.from(since).toString() };
  const verdict = await verifyLog({ read, isOwn }, signer.verifier, { since: older, leastSize });
  if (verdict === undefined) throw new Error("there is no checkpoint");
  return verdict;
}

async function problemsOf(...words: Parameters<typeof verdictOf>): Promise<string[]> {
  return (await verdictOf(...words)).problems.map(({ file, what }) => `${file} ${what}`);
}

function changed(files: Files, path: string, change: (bytes: Uint8Array) => Uint8Array): Files {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`no ${path}`);
  return new Map(files).set(path, change(new Uint8Array(bytes)));
}

function without(files: Files, path: string): Files {
  const others = new Map(files);
  if (!others.delete(path)) throw new Error(`no ${path}`);
  return others;
}

const flip = (at: number) => (bytes: Uint8Array) => bytes.with(at, (bytes[at] ?? 0) ^ 1);

describe("a log that is as it was written", () => {
  it.each([0, 1, 2, 255, 256, 257, 520])(
    "of %i entries verifies, with an older checkpoint, too",
    async (size) => {
      const entries = upTo(size);
      const since = logOf(entries.slice(0, size / 2)).get("checkpoint");
      const verdict = await verdictOf(logOf(entries, { kept: true }), {
        isOwn: true,
        ...(since === undefined ? {} : { since }),
      });
      expect(verdict.problems).toEqual([]);
      expect(verdict.entries.map(({ index, event }) => `${index} ${event.id}`)).toEqual(
        entries.map((_, index) => `${index} act:${index}`),
      );
      expect(verdict.checkpoint?.size).toBe(size);
      expect(verdict.since?.size).toBe(Math.floor(size / 2));
    },
  );

  it("verifies where a partial file made room for the full one meanwhile", async () => {
    const early = logOf(upTo(200));
    const late = logOf(upTo(256));
    const files = new Map([...late, ["checkpoint", early.get("checkpoint") ?? new Uint8Array()] as const]);
    expect(await problemsOf(files)).toEqual([]);
  });

  it("is none without a checkpoint", async () => {
    expect(await verifyLog({ read: () => Promise.resolve(undefined) }, testSigner.verifier)).toBeUndefined();
  });
});

describe("a log that somebody changed", () => {
  const small = logOf(upTo(5), { kept: true });
  const large = logOf(upTo(300), { kept: false });

  it("is told by any byte that is another one, anywhere", async () => {
    const places = fc.constantFrom(...small.keys()).chain((path) =>
      fc.record({
        path: fc.constant(path),
        at: fc.nat((small.get(path)?.length ?? 1) - 1),
        bit: fc.nat(7),
      }),
    );
    await fc.assert(
      fc.asyncProperty(places, async ({ path, at, bit }) => {
        const files = changed(small, path, (bytes) => bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)));
        const problems = await problemsOf(files, { isOwn: true });
        expect(
          problems.some((problem) => problem.startsWith(path)),
          `${path} ${problems.join("; ")}`,
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is told by any file that is cut, longer or gone", async () => {
    for (const path of large.keys()) {
      const longer = changed(large, path, (bytes) => Buffer.concat([bytes, Buffer.of(0)]));
      expect((await problemsOf(longer)).join(), path).toContain(path);
      const cut = changed(large, path, (bytes) => bytes.subarray(0, -1));
      expect((await problemsOf(cut)).join(), path).toContain(path);
      if (path !== "checkpoint")
        expect((await problemsOf(without(large, path))).join(), path).toContain(`${path} is missing`);
    }
  });

  it("names the entry, the tile or the signature", async () => {
    const swapped = bundleOf([entry(1), entry(0), ...upTo(5).slice(2)]);
    expect(await problemsOf(changed(small, "tile/entries/000.p/5", () => swapped))).toEqual([
      "checkpoint was signed for another tree: the 5 entries are not those",
      "tile/0/000.p/5 is not what the entries give, from byte 0 on",
    ]);
    const other = seededSigner(testOrigin, new Uint8Array(32).fill(8));
    const foreign = [entry(0), entry(1, other), entry(2)];
    expect(await problemsOf(logOf(foreign))).toEqual([
      `tile/entries/000.p/3 entry 1 is not signed by ${testSigner.verifier.shortText}`,
    ]);
    expect(await problemsOf(logOf([entry(0), entry(1), entry(0)]))).toEqual([
      "tile/entries/000.p/3 entry 2 has the id of entry 0",
    ]);
    expect(await problemsOf(logOf(upTo(3), { signer: other }))).toEqual([
      `checkpoint is not signed by ${testSigner.verifier.shortText}, but by ${other.verifier.shortText}`,
    ]);
    expect(await problemsOf(changed(small, "claimed/002", flip(9)), { isOwn: true })).toEqual([
      "claimed/002 is not what the entries give, from byte 9 on",
    ]);
  });

  it("is told of an entry that decodes to the same and is spelled in another way", () => {
    const written = Buffer.from(entry(0)).toString();
    expect(typeof readEntry(Buffer.from(written), testSigner.verifier)).toBe("object");
    // The last bits of base64 before its padding stand for nothing.
    const [, last = ""] = /(\w)=+"/.exec(written) ?? [];
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const next = digits[digits.indexOf(last) + 1] ?? "";
    for (const respelled of [written.replace(`${last}=`, `${next}=`), ` ${written}`, `${written}\n`]) {
      expect(respelled).not.toBe(written);
      expect(readEntry(Buffer.from(respelled), testSigner.verifier)).toBe(
        "is not written as gofire writes one",
      );
    }
  });

  it("is told when a checkpoint of before stood for something else", async () => {
    const since = logOf([entry(0), entry("other")]).get("checkpoint");
    const later = logOf(upTo(8)).get("checkpoint");
    if (since === undefined || later === undefined) throw new Error("no checkpoint");
    expect(await problemsOf(small, { since })).toEqual([
      "last-week was signed for another tree: the 2 entries are not those",
    ]);
    expect(await problemsOf(small, { since: later })).toEqual([
      "checkpoint has 5 entries, and last-week was signed for 8: entries are gone",
    ]);
    expect(await problemsOf(small, { since: flip(3)(new Uint8Array(since)) })).toEqual([
      expect.stringMatching(/^last-week has a signature of .* that does not verify/),
    ]);
  });

  it("is told when it is an older copy than was asked for", async () => {
    expect(await problemsOf(small, { leastSize: 5 })).toEqual([]);
    expect(await problemsOf(small, { leastSize: 6 })).toEqual([
      "checkpoint has 5 entries, and at least 6 were asked for: it is older, or entries are gone",
    ]);
  });

  it("is not read for ever when nothing of it is right", async () => {
    const nothing = logOf(Array.from({ length: 300 }, () => Buffer.from("no envelope")));
    const { problems, entries } = await verdictOf(nothing);
    expect(problems).toHaveLength(20);
    expect(entries).toEqual([]);
  });
});

describe("an entry", () => {
  const { verifier } = testSigner;
  const bytes = Buffer.from(entry(1)).toString();
  const envelope = JSON.parse(bytes) as { payload: string; signatures: { keyid: string; sig: string }[] };
  const statement = Buffer.from(envelope.payload, "base64").toString();

  /** What our key would sign if it signed anything. */
  function sealed(payload: string): Uint8Array {
    const body = Buffer.from(payload);
    const type = "application/vnd.in-toto+json";
    const message = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
    const sig = Buffer.from(testSigner.sign(message)).toString("base64");
    const signatures = [{ keyid: verifier.shortText, sig }];
    return Buffer.from(JSON.stringify({ payloadType: type, payload: body.toString("base64"), signatures }));
  }

  it("is a DSSE envelope of an in-toto statement about what was approved", () => {
    expect(JSON.parse(statement)).toEqual({
      _type: "https://in-toto.io/Statement/v1",
      subject: [
        {
          name: "prod",
          digest: { dirHash: "2a1bb6127fb481c60f67692e22285fb306f3c6ffe62075e0ccf674d7c3adcb8f" },
        },
        {
          name: "https://git.shop.example/config.git",
          digest: { gitCommit: "89abcdef0123456789abcdef0123456789abcdef" },
        },
      ],
      predicateType: "https://gofire.dev/config-change/v1",
      predicate: approval("act:1"),
    });
    expect(Buffer.from(sealed(statement)).toString()).toBe(bytes);
    expect(readEntry(Buffer.from(bytes), verifier)).toEqual(approval("act:1"));
  });

  it("stands for itself where it is about no content", () => {
    const event = approval("act:9", {
      type: "rollback.requested",
      subject: { repository: "r", service: "order" },
    });
    const payload = (JSON.parse(Buffer.from(entryOf(event, testSigner)).toString()) as { payload: string })
      .payload;
    const { subject } = JSON.parse(Buffer.from(payload, "base64").toString()) as { subject: unknown };
    expect(subject).toEqual([{ name: "act:9", digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }]);
  });

  it("is the same bytes whatever the order of its parts", () => {
    const { id, ...rest } = approval("act:1", { facts: { b: 1, a: "x" } });
    const other = { ...rest, facts: { a: "x", b: 1 }, id };
    expect(entryOf(other, testSigner)).toEqual(
      entryOf(approval("act:1", { facts: { b: 1, a: "x" } }), testSigner),
    );
  });

  it.each([
    ["no JSON", Buffer.from("{"), "is no DSSE envelope"],
    [
      "an envelope of something else",
      Buffer.from(bytes.replace("in-toto", "not-toto")),
      "is no DSSE envelope",
    ],
    [
      "an event that stands there twice",
      sealed(statement.replace('"predicate":', '"predicate":{},"predicate":')),
      "is not written",
    ],
    [
      "another subject than its event's",
      sealed(statement.replace('"name":"prod"', '"name":"dev"')),
      "is not written",
    ],
    [
      "another kind of predicate",
      sealed(statement.replace("config-change/v1", "config-change/v2")),
      "is not written",
    ],
    ["no event", sealed("{}"), "is not an object (in its event)"],
    [
      "an e-mail address",
      sealed(statement.replace('"atMs"', '"mail":"a@b","atMs"')),
      "has mail, which is no part",
    ],
    [
      "a second, wrong signature",
      Buffer.from(
        bytes.replace('"signatures":[', `"signatures":[{"keyid":"${verifier.shortText}","sig":"AAAA"},`),
      ),
      "has a signature that does not verify",
    ],
  ])("with %s is not believed", (_, given, why) => {
    expect(readEntry(given, verifier)).toContain(why);
  });
});
