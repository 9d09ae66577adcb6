import type { Faults } from "../faults.ts";
import { type Fields, fieldsOf, textOf } from "../fields.ts";
import type { Traffic } from "../traffic.ts";
import { passTime } from "../web-api.ts";
import type { Workspace } from "../workspace.ts";
import type { Delivery, DeliveryKind, DeliveryResult, Outlet } from "./outlet.ts";

/** Waits before the second, third and fourth attempt of an event (https://docs.slack.dev/apis/events-api#retries). */
const retryAfterMs = [0, 60_000, 300_000] as const;

export interface Deliveries {
  /** A command or click: one attempt, never repeated. */
  once(kind: Exclude<DeliveryKind, "events_api">, payload: Fields): Promise<DeliveryResult>;
  /** How many deliveries wait for an acknowledgement or for another attempt. */
  readonly pending: number;
}

/** Sends what happens in the workspace to the app, and events again until they are acknowledged. */
export function createDeliveries(
  workspace: Workspace,
  outlet: Outlet,
  faults: Faults,
  traffic: Traffic,
): Deliveries {
  let pending = 0;

  async function attempt(delivery: Delivery): Promise<DeliveryResult> {
    const fault = faults.take(delivery.kind);
    const atMs = workspace.clock.nowMs();
    if (fault?.kind === "held-back" || fault?.kind === "delay") await passTime(workspace, fault.delayMs);
    const sent = fault?.kind === "clock-skew" ? { ...delivery, skewS: fault.skewS } : delivery;
    if (fault?.kind === "duplicate") void outlet.send(sent);
    const result: DeliveryResult =
      fault?.kind === "lost" ? { isAcked: false, reason: "timeout" } : await outlet.send(sent);
    traffic.record({
      atMs,
      direction: "to-app",
      name: nameOf(delivery),
      args: delivery.payload,
      status: result.isAcked ? 200 : 0,
      ...(result.isAcked ? {} : { error: result.reason }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    });
    return result;
  }

  async function event(fields: Fields): Promise<void> {
    const type = textOf(fields.type) ?? "";
    const payload = envelope(workspace, fields);
    let reason = "";
    for (const number of [0, 1, 2, 3]) {
      if (number > 0) await passTime(workspace, retryAfterMs[number - 1] ?? 0);
      const result = await attempt({
        kind: "events_api",
        payload,
        ...(number === 0 ? {} : { retry: { number, reason } }),
      });
      if (result.isAcked || result.wantsNoRetry === true) return;
      reason = result.reason;
    }
    traffic.record({
      atMs: workspace.clock.nowMs(),
      direction: "to-app",
      name: `event ${type}`,
      args: payload,
      status: 0,
      error: "given up",
    });
  }

  async function counted<T>(work: Promise<T>): Promise<T> {
    pending += 1;
    try {
      return await work;
    } finally {
      pending -= 1;
    }
  }

  workspace.onEvent((fields) => {
    if (isSubscribed(workspace, fields)) void counted(event(fields));
  });

  return {
    once: (kind, payload) => counted(attempt({ kind, payload })),
    get pending() {
      return pending;
    },
  };
}

function nameOf({ kind, payload }: Delivery): string {
  if (kind === "slash_commands") return kind;
  return `${kind} ${textOf(kind === "interactive" ? payload.type : fieldsOf(payload.event).type) ?? ""}`;
}

/** Whether the manifest lists the event; messages go by the kind of their channel. */
function isSubscribed({ manifest }: Workspace, { type, channel_type: place }: Fields): boolean {
  const name = type === "message" ? `message.${place === "group" ? "groups" : "channels"}` : String(type);
  return manifest.botEvents.has(name);
}

function envelope(workspace: Workspace, event: Fields): Fields {
  const { app, team, clock } = workspace;
  const channel = workspace.channels.get(textOf(event.channel) ?? "");
  return {
    token: "sandbox",
    team_id: team.id,
    context_team_id: team.id,
    api_app_id: app.id,
    event,
    type: "event_callback",
    event_id: workspace.newId("Ev"),
    event_time: Math.floor(clock.nowMs() / 1_000),
    is_ext_shared_channel: channel?.isShared === true,
    authorizations: [
      {
        enterprise_id: null,
        team_id: team.id,
        user_id: app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
  };
}
