import { positionText } from "../domain/parse-result.ts";
import { parseAlertNotification } from "../parsers/alerts/alert-notification.ts";
import type { Alerts } from "../ports/alerts.ts";

/** - `garbage`: nothing that could be taken over, now or later; `problem` says where and why. */
export type Intake =
  | { readonly kind: "taken"; readonly news: "changed" | "repeat" }
  | { readonly kind: "garbage"; readonly problem: string };

/** Takes over what an alert sender posted. Throws PortError when it cannot be taken over now: the sender tries again. */
export async function takeNotification(
  body: Uint8Array,
  alerts: Pick<Alerts, "receive">,
  signal: AbortSignal,
): Promise<Intake> {
  const parsed = parseAlertNotification(body);
  if (parsed.ok) return { kind: "taken", news: await alerts.receive(parsed.value, signal) };
  const { message, at, excerpt } = parsed.error;
  return {
    kind: "garbage",
    problem: `${message} (${positionText(at)}${excerpt === undefined ? "" : `: ${excerpt}`})`,
  };
}
