import type { CommandHelp } from "../../src/domain/chat/chat-reply.ts";
import { chatRights } from "../../src/domain/chat/chat-rights.ts";
import type { MessageBody } from "../../src/domain/chat/message.ts";
import { card } from "../../src/render/slack/card.ts";
import { homeView } from "../../src/render/slack/home.ts";
import { snapshotModal } from "../../src/render/slack/modal.ts";
import { answers, explained, statusOf } from "./answers.ts";
import { contexts, nowMs, peers, states, trouble } from "./cards.ts";
import { configs } from "./configs.ts";
import { gates } from "./gates.ts";
import { type Recorded, recorded } from "./recorded.ts";
import { rollbacks } from "./rollbacks.ts";
import { storms } from "./storms.ts";
import { tlsLooks } from "./tls.ts";

/** What is shown, by the name of its picture. */
export interface Scenes {
  /** Each in a channel of its own, in this order. */
  readonly messages: Readonly<Record<string, readonly MessageBody[]>>;
  /** Shown with its thread. */
  readonly threads: Readonly<Record<string, Recorded>>;
  readonly modal: object;
  readonly home: object;
}

/** Every state of a card, every answer, the form and Home, from recorded captures. */
export async function scenes(commands: readonly CommandHelp[]): Promise<Scenes> {
  const [lock, crash, healthy, unclear, cpu] = await Promise.all([
    recorded("mutex-io", "gf-3fa9"),
    recorded("panic", "gf-9x2c", "go1.26.8"),
    recorded("shared-transport", "gf-7k2m"),
    recorded("just-started", "gf-4h8t"),
    recorded("gogc-thrash", "gf-5d1n"),
  ]);
  const status = statusOf([lock, crash, healthy, unclear]);
  return {
    messages: {
      states: states(lock.incident),
      verdicts: [
        card(lock.incident),
        card({
          ...crash.incident,
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
          service: "refunds",
          repeats: 7,
          lastRepeatAtMs: nowMs,
        }),
        card(cpu.incident),
        card(healthy.incident),
        card(unclear.incident),
      ],
      peers: peers(lock.incident),
      context: await contexts(),
      config: await configs(nowMs),
      gate: gates(nowMs),
      rollback: rollbacks(nowMs),
      trouble: trouble(lock.incident),
      storm: storms([lock.incident, cpu.incident, healthy.incident]),
      explain: [explained(lock)],
      tls: tlsLooks(nowMs),
      answers: answers(lock, healthy, status, commands),
    },
    threads: { "thread-lock": lock, "thread-cpu": cpu },
    modal: snapshotModal({
      services: ["cart", "catalog", "order", "payments", "refunds"].map((name) => ({
        name,
        instances: name === "order" ? ["order-1", "order-2"] : [name],
      })),
      preset: { service: "order", block: true },
    }),
    home: homeView({
      status,
      commands,
      rights: chatRights.map((right) =>
        right === "snapshot" || right === "mute"
          ? { right, audience: { users: ["U0PRIYA003"], groups: ["S0ONCALL01"], channels: ["C0INCID001"] } }
          : { right },
      ),
      asOfMs: nowMs,
    }),
  };
}
