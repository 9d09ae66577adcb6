import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoggedDecision, People } from "../../src/domain/configuration/gate.ts";
import type { Proposal } from "../../src/domain/configuration/proposal.ts";
import { evaluate, fromFact, type GateSnapshot, standingOf } from "../../src/governance/gate.ts";

/** Names in brackets are those of the threats in docs/decisions/0032-the-gate.md. */
const repository = "https://git.shop.example/config.git";
const day = 86_400_000;
const now = 1_716_261_120_000;
const policy = { environment: "prod", paths: ["env/prod"], approvals: 2, expiresAfterMs: 7 * day };
const people: People = new Map([
  ["slack:UANA", ["ana@shop.example", "1+ana@users.noreply.github.com"]],
  ["slack:UBO", ["bo@shop.example"]],
  ["slack:UCY", ["cy@shop.example"]],
  ["slack:UDEE", ["dee@shop.example"]],
]);

function proposal(more: Partial<Proposal["environments"][number]> = {}): GateSnapshot["proposal"] {
  return {
    repository,
    addresses: ["ana@shop.example"],
    problems: [],
    environments: [
      {
        name: "prod",
        digest: "h1:new=",
        was: "h1:old=",
        changes: [],
        more: 0,
        uncompared: [],
        services: [],
        problems: [],
        warnings: [],
        ...more,
      },
    ],
  };
}

type Said = readonly [who: string, what?: string, more?: Partial<LoggedDecision["event"]>];

/** Entries of the log, one a minute, the last a minute ago. */
function log(...said: readonly Said[]): readonly LoggedDecision[] {
  return said.map(([who, what = "approved", more = {}], index) => ({
    index,
    event: {
      type: `config.${what}`,
      atMs: now - (said.length - index) * 60_000,
      actor: `slack:U${who.toUpperCase()}`,
      subject: { repository, environment: "prod", digest: "h1:new=" },
      facts: { [fromFact]: "h1:old=" },
      ...more,
    },
  }));
}

function verdict(entries: readonly LoggedDecision[], more: Partial<GateSnapshot> = {}) {
  return evaluate({ proposal: proposal(), policy, people, entries, nowMs: now, ...more });
}

describe("the gate", () => {
  test("asks nothing of what changes nothing of the environment", () => {
    const none = { ...proposal(), environments: [] };
    expect(verdict([], { proposal: none })).toMatchObject({ verdict: "not-applicable", reasons: [] });
  });

  test("waits until as many people approved as the policy says", () => {
    expect(verdict([])).toMatchObject({ verdict: "waiting", needed: 2, digest: "h1:new=" });
    expect(verdict(log(["bo"])).verdict).toBe("waiting");
    const approved = verdict(log(["bo"], ["cy"]));
    expect(approved.verdict).toBe("approved");
    expect(approved.approvals).toEqual([
      { actor: "slack:UBO", atMs: now - 120_000, expiresAtMs: now - 120_000 + 7 * day, index: 0 },
      { actor: "slack:UCY", atMs: now - 60_000, expiresAtMs: now - 60_000 + 7 * day, index: 1 },
    ]);
  });

  test("refuses what has problems, whoever approved (T22)", () => {
    const entries = log(["bo"], ["cy"]);
    const lint = proposal({ problems: ["a.yaml:2:1: twice"] });
    expect(verdict(entries, { proposal: lint })).toMatchObject({
      verdict: "refused",
      reasons: ["a.yaml:2:1: twice"],
    });
    const conflict = { ...proposal(), environments: [], problems: ["conflict in a.yaml"] };
    expect(verdict(entries, { proposal: conflict }).verdict).toBe("refused");
  });

  test("an approval of another content is void (T1)", () => {
    const subject = { repository, environment: "prod", digest: "h1:pushed-since=" };
    expect(verdict(log(["bo"], ["cy", "approved", { subject }])).verdict).toBe("waiting");
  });

  test("an approval of the same content from another beginning is void (T1, T19)", () => {
    const facts = { [fromFact]: "h1:older=" };
    expect(verdict(log(["bo"], ["cy", "approved", { facts }]))).toMatchObject({
      verdict: "waiting",
      uncounted: [{ actor: "slack:UCY", kind: "approval", why: "other-step" }],
    });
    expect(verdict(log(["bo"], ["cy"], ["cy", "approved", { facts }])).verdict).toBe("approved");
    expect(verdict(log(["bo"], ["cy", "approved", { facts: {} }])).verdict).toBe("waiting");
  });

  test("an approval for another environment is void (T18)", () => {
    const subject = { repository, environment: "staging", digest: "h1:new=" };
    expect(verdict(log(["bo"], ["cy", "approved", { subject }])).verdict).toBe("waiting");
  });

  test("an approval of the same files in another repository is void, and said to be (T18)", () => {
    const subject = {
      repository: "https://git.shop.example/other.git",
      environment: "prod",
      digest: "h1:new=",
    };
    expect(verdict(log(["bo"], ["cy", "approved", { subject }]))).toMatchObject({
      verdict: "waiting",
      approvals: [{ actor: "slack:UBO" }],
      uncounted: [{ actor: "slack:UCY", kind: "approval", why: "other-repository" }],
    });
    // Nor does it, or a rejection there, take the place of what somebody said here.
    expect(verdict(log(["bo"], ["cy"], ["cy", "withdrawn", { subject }])).verdict).toBe("approved");
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected", { subject }])).verdict).toBe("approved");
  });

  test("nobody approves what they had a part in, by any of their addresses (T6)", () => {
    const byNoreply = { ...proposal(), addresses: ["1+ana@users.noreply.github.com"] };
    for (const one of [proposal(), byNoreply]) {
      expect(verdict(log(["ana"], ["bo"]), { proposal: one })).toMatchObject({
        verdict: "waiting",
        authors: ["slack:UANA"],
        uncounted: [{ actor: "slack:UANA", why: "author" }],
      });
    }
  });

  test("an address that nobody has could be an approver's: one approval more each (T6)", () => {
    const unknown = { ...proposal(), addresses: ["ana@shop.example", "x@y", "z@y"] };
    const state = verdict(log(["bo"], ["cy"]), { proposal: unknown });
    expect(state).toMatchObject({ verdict: "waiting", needed: 4, unknownAddresses: ["x@y", "z@y"] });
  });

  test("one person is one approval, also with a second account (T16)", () => {
    expect(verdict(log(["bo"], ["bo"])).verdict).toBe("waiting");
    const second = new Map([...people, ["slack:UBO2", ["bo2@shop.example", "bo@shop.example"]]]);
    expect(verdict(log(["bo"], ["bo2"]), { people: second })).toMatchObject({ verdict: "waiting" });
    const authors = new Map([...people, ["slack:UANA2", ["ana@shop.example", "ana@home.example"]]]);
    const byHome = { ...proposal(), addresses: ["ana@home.example"] };
    expect(verdict(log(["ana"], ["bo"]), { people: authors, proposal: byHome })).toMatchObject({
      authors: ["slack:UANA", "slack:UANA2"],
      verdict: "waiting",
    });
  });

  test("whose addresses nobody knows does not count (T16)", () => {
    expect(verdict(log(["bo"], ["eve"]))).toMatchObject({
      verdict: "waiting",
      uncounted: [{ actor: "slack:UEVE", why: "unlinked" }],
    });
    expect(verdict(log(["bo"], ["cy"], ["eve", "rejected"])).verdict).toBe("approved");
  });

  test("approvals expire, and none is dated in the future", () => {
    const old = { atMs: now - 7 * day };
    expect(verdict(log(["bo"], ["cy", "approved", old]))).toMatchObject({
      verdict: "waiting",
      uncounted: [{ why: "expired" }],
    });
    expect(verdict(log(["bo"], ["cy", "approved", { atMs: now + 600_000 }]))).toMatchObject({
      verdict: "waiting",
      uncounted: [{ why: "ahead" }],
    });
  });

  test("one rejection stops it until the same person withdraws it or it expires", () => {
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected"]))).toMatchObject({
      verdict: "rejected",
      rejections: [{ actor: "slack:UDEE" }],
    });
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected"], ["bo", "withdrawn"])).verdict).toBe("rejected");
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected"], ["dee", "withdrawn"])).verdict).toBe("approved");
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected", { atMs: now - 8 * day }])).verdict).toBe(
      "approved",
    );
    expect(verdict(log(["bo"], ["dee", "rejected"], ["dee"])).verdict).toBe("approved");
    expect(verdict(log(["bo"], ["cy"], ["cy", "withdrawn"])).verdict).toBe("waiting");
  });

  test("an author cannot reject, and a rejection from another beginning stops it, too", () => {
    expect(verdict(log(["bo"], ["cy"], ["ana", "rejected"])).verdict).toBe("approved");
    expect(verdict(log(["bo"], ["cy"], ["dee", "rejected", { facts: {} }])).verdict).toBe("rejected");
  });

  test("says what somebody is to a proposal", () => {
    const snapshot = { proposal: proposal(), policy, people, entries: [], nowMs: now };
    expect(["UANA", "UBO", "UEVE"].map((id) => standingOf(`slack:${id}`, snapshot))).toEqual([
      "author",
      "eligible",
      "unlinked",
    ]);
  });
});

const said = fc.record({
  who: fc.constantFrom("ana", "bo", "cy", "dee", "eve"),
  what: fc.constantFrom("approved", "rejected", "withdrawn"),
  atMs: fc.integer({ min: now - 9 * day, max: now + day }),
  where: fc.constantFrom(repository, repository, repository, "https://git.shop.example/other.git"),
  environment: fc.constantFrom("prod", "prod", "staging"),
  digest: fc.constantFrom("h1:new=", "h1:new=", "h1:other="),
  from: fc.constantFrom("h1:old=", "h1:old=", "h1:older="),
});
const histories = fc
  .array(said, { maxLength: 12 })
  .map((all) =>
    log(
      ...all.map(
        ({ who, what, atMs, where, environment, digest, from }): Said => [
          who,
          what,
          { atMs, subject: { repository: where, environment, digest }, facts: { [fromFact]: from } },
        ],
      ),
    ),
  );

describe("whatever the log has", () => {
  test("its entries may come in any order", () => {
    fc.assert(
      fc.property(
        histories.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
        ),
        ([inOrder, shuffled]) => {
          expect(verdict(shuffled)).toEqual(verdict(inOrder));
        },
      ),
    );
  });

  test("only different people count, no author, nothing expired, nothing about something else", () => {
    fc.assert(
      fc.property(histories, (entries) => {
        const { verdict: found, approvals, needed } = verdict(entries);
        const counted = approvals.map(({ actor }) => actor);
        expect(new Set(counted).size).toBe(counted.length);
        expect(counted).not.toContain("slack:UANA");
        expect(counted).not.toContain("slack:UEVE");
        for (const { index, expiresAtMs } of approvals) {
          expect(expiresAtMs).toBeGreaterThan(now);
          expect(entries[index]?.event).toMatchObject({
            type: "config.approved",
            subject: { repository, environment: "prod", digest: "h1:new=" },
            facts: { [fromFact]: "h1:old=" },
          });
        }
        if (found === "approved") expect(counted.length).toBeGreaterThanOrEqual(needed);
      }),
    );
  });

  test("one more rejection never approves, and one more approval by an author changes nothing", () => {
    fc.assert(
      fc.property(histories, (entries) => {
        const next = (what: string, actor: string) => ({
          index: entries.length,
          event: { ...log(["bo", what])[0]?.event, actor, atMs: now } as LoggedDecision["event"],
        });
        expect(verdict([...entries, next("rejected", "slack:UDEE")]).verdict).toBe("rejected");
        expect(verdict([...entries, next("approved", "slack:UANA")]).verdict).toBe(verdict(entries).verdict);
      }),
    );
  });
});
