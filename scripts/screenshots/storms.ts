import { type StormRow, worstFirst } from "../../src/domain/alerts/storm.ts";
import type { MessageBody } from "../../src/domain/chat/message.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { stormDigest } from "../../src/render/slack/storm.ts";
import { nowMs, underWay } from "./cards.ts";

/** A storm that goes on, and the same once it is over. */
export function storms(judged: readonly Incident[]): readonly MessageBody[] {
  const services = ["order", "cart", "payments", "refunds", "catalog", "search", "mail", "stock"];
  const [first] = judged;
  if (first === undefined) throw new Error("no recorded capture");
  const rows = Array.from({ length: 240 }, (_, at): StormRow => {
    const service = services[at % services.length] ?? "";
    const page = {
      intent: String(at),
      group: String(at),
      service,
      title: at % 3 === 0 ? "ManyGoroutines (3 alerts)" : "HighLatency (3 alerts)",
      severity: at % 5 === 0 ? "critical" : "warning",
      alerts: 3,
      sinceMs: nowMs - 60_000 - (at % 7) * 1_000,
    };
    const { analysis: _analysis, ...open } = { ...first, service, id: `gf-${1_000 + at}` };
    const known = judged[at];
    if (known !== undefined) return { page, incident: { ...known, service, id: open.id } };
    if (at < 5) {
      return { page, incident: { ...open, state: "capturing", steps: underWay(first.steps) } };
    }
    if (at < 8) return { page, incident: { ...open, state: "queued", queuePlace: at - 5 } };
    return {
      page,
      incident: { ...open, state: "failed", problem: `One capture of ${service} answers all its pages` },
    };
  }).sort(worstFirst);
  const storm = {
    id: "storm-1a2b3c4d",
    version: 1,
    channel: "C0INCID001",
    beganAtMs: nowMs,
    lastPageAtMs: nowMs + 61_000,
    replies: [],
  };
  const ended = rows.map(({ page, incident }) => ({
    page,
    ...(incident === undefined
      ? {}
      : { incident: { ...incident, ...(Number(page.intent) % 9 === 0 ? {} : { resolvedAtMs: nowMs }) } }),
  }));
  return [
    stormDigest({ storm, rows }),
    stormDigest({ storm: { ...storm, overAtMs: nowMs + 361_000 }, rows: ended }),
  ];
}
