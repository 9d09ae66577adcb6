import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerClick } from "../../../src/commands/chat/dispatch.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { analysis } from "./analyses.ts";
import { type Asking, asking, expectKind, never, nobodyNamed } from "./asking.ts";

describe.skipIf(redisProgram === undefined)("peer", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(3);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  async function judged(change: Partial<Incident> = {}): Promise<Incident> {
    return await chat.judged(analysis(), { bundle: "incidents/x/bundle-1/", ...change });
  }

  test("has a comparison queued, once, however often it is asked for", async () => {
    const { id } = await judged();
    const first = expectKind(await chat.ask(`peer ${id}`), "peer");
    expect(first).toMatchObject({
      isNew: true,
      incident: { id, state: "verdict", peer: { state: "waiting", round: 1, byPerson: true } },
    });
    expect(await chat.ports.queue.peerWorkOf(id, 1, never)).toBe("pending");
    expect(expectKind(await chat.ask("peer"), "peer")).toMatchObject({ isNew: false, incident: { id } });
    expect(await chat.ports.queue.peerWorkOf(id, 2, never)).toBe("absent");
  });

  test("by a click takes the right to capture", async () => {
    const { id } = await judged();
    const click = {
      intent: "click",
      userId: "U2",
      place: { channel: "C1", thread: "17.1" },
      action: "compare-peer",
      incidentId: id,
    } as const;
    const access = { ...nobodyNamed, rights: { snapshot: { users: ["U1"], groups: [], channels: [] } } };
    expectKind(await answerClick(click, { ...chat.ports, access }, never), "refused");
    expect(expectKind(await answerClick(click, chat.ports, never), "peer")).toMatchObject({ isNew: true });
  });

  test("again, after it came to nothing, is another round", async () => {
    const { id } = await judged({
      peer: { state: "not-compared", round: 1, runs: 1, steps: [], instance: "order-2", reason: "gone" },
    });
    const { incident } = expectKind(await chat.ask(`peer ${id}`), "peer");
    expect(incident.peer).toMatchObject({ state: "waiting", round: 2, runs: 1 });
    expect(incident.peer).not.toHaveProperty("reason");
    expect(incident.peer).not.toHaveProperty("instance");
  });

  test("says in words why there is nothing to compare", async () => {
    const single = await judged({ service: "payment" });
    expect(expectKind(await chat.ask(`peer ${single.id}`), "help").problem).toBe(
      "No other process of payment is known from gofire.yaml to compare with. gofire.yaml says under services.payment which there are: targets lists them, discover says where to look.",
    );
    const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
    expect(expectKind(await chat.ask(`peer ${incident.id}`), "help").problem).toBe(
      `${incident.id} has no verdict to compare a peer with. Its card says why.`,
    );
    const compared = await judged({
      peer: { state: "compared", round: 1, runs: 1, steps: [], instance: "order-2" },
    });
    expect(expectKind(await chat.ask(`peer ${compared.id}`), "help").problem).toBe(
      `${compared.id} is compared with order-2 already: its card says how they differ. For how they are now: /gofire snapshot order peer`,
    );
  });
});
