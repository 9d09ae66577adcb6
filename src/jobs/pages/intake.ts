import { hash } from "node:crypto";
import { positionText } from "../../domain/evidence/parse-result.ts";
import { parseAlertNotification } from "../../parsers/alerts/alert-notification.ts";
import type { Alerts, Said } from "../../ports/alerts.ts";

/** - `garbage`: nothing that could be taken over, now or later; `problem` says where and why. */
export type Intake =
  | { readonly kind: "taken"; readonly news: "changed" | "repeat"; readonly said: Said }
  | { readonly kind: "garbage"; readonly problem: string };

/** Takes over what an alert sender posted. Throws PortError when it cannot be taken over now: the sender tries again. */
export async function takeNotification(
  body: Uint8Array,
  alerts: Pick<Alerts, "receive">,
  signal: AbortSignal,
): Promise<Intake> {
  const parsed = parseAlertNotification(body);
  if (parsed.ok) return { kind: "taken", ...(await alerts.receive(parsed.value, signal)) };
  const { message, at, excerpt } = parsed.error;
  return {
    kind: "garbage",
    problem: `${message} (${positionText(at)}${excerpt === undefined ? "" : `: ${excerpt}`})`,
  };
}

/** What was taken over waits about this long for its job; looking costs one small question. */
export const enqueueEveryMs = 150;

/** Of bodies, in each of two generations: ten minutes of a storm of a thousand groups a minute, a few hundred bytes each. */
const mostRemembered = 10_000;

/**
 * As `takeNotification`, and remembers by their digest what bodies said lately: a storm says the same again and again, byte
 * by byte (Alertmanager source: dispatch/dispatch.go leaves out when a firing alert will end), and reading costs more than
 * all else. Nothing is remembered of what became of it, so it is right whatever other processes do.
 */
export function rememberingIntake(
  alerts: Pick<Alerts, "receive" | "repeat">,
  most = mostRemembered,
): (body: Uint8Array, signal: AbortSignal) => Promise<Intake> {
  let young = new Map<string, Said>();
  let old = new Map<string, Said>();

  function remember(digest: string, said: Said): void {
    if (young.size >= most) [old, young] = [young, new Map()];
    young.set(digest, said);
  }

  return async (body, signal) => {
    const digest = hash("sha256", body);
    const before = young.get(digest) ?? old.get(digest);
    if (before !== undefined && (await alerts.repeat(before, signal))) {
      if (!young.has(digest)) remember(digest, before);
      return { kind: "taken", news: "repeat", said: before };
    }
    const taken = await takeNotification(body, alerts, signal);
    if (taken.kind === "taken") remember(digest, taken.said);
    return taken;
  };
}
