import type { AlertNotification } from "../domain/alert.ts";
import { type ParseResult, positionText } from "../domain/parse-result.ts";
import { parseAlertNotification } from "../parsers/alerts/alert-notification.ts";
import type { Alerts } from "../ports/alerts.ts";

/** - `garbage`: nothing that could be taken over, now or later; `problem` says where and why. */
export type Intake =
  | { readonly kind: "taken"; readonly news: "changed" | "repeat" }
  | { readonly kind: "garbage"; readonly problem: string };

/** Reads the body of a notification. */
type Read = (body: Uint8Array) => ParseResult<AlertNotification>;

/** Of bodies, in each of two generations. What is made of them takes a few times as much. */
const mostRememberedBytes = 2 << 20;
/** A longer one takes more room than time. */
const longestRememberedBytes = 64 << 10;

/**
 * A reader that remembers what it read lately: a storm says the same again and again, byte by byte, and reading costs
 * more than all else. It remembers what bodies say and nothing of what became of them, so it is right whatever other
 * processes do.
 */
export function rememberingReader(read: Read = parseAlertNotification): Read {
  let young = new Map<string, ParseResult<AlertNotification>>();
  let old = new Map<string, ParseResult<AlertNotification>>();
  let youngBytes = 0;
  return (body) => {
    if (body.length > longestRememberedBytes) return read(body);
    // One character a byte: told apart are the bytes, whatever they spell.
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
    const known = young.get(text);
    if (known !== undefined) return known;
    const parsed = old.get(text) ?? read(body);
    // Garbage is not said again.
    if (!parsed.ok) return parsed;
    if (youngBytes + text.length > mostRememberedBytes) {
      [old, young, youngBytes] = [young, new Map(), 0];
    }
    young.set(text, parsed);
    youngBytes += text.length;
    return parsed;
  };
}

/** Takes over what an alert sender posted. Throws PortError when it cannot be taken over now: the sender tries again. */
export async function takeNotification(
  body: Uint8Array,
  alerts: Pick<Alerts, "receive">,
  signal: AbortSignal,
  read: Read = parseAlertNotification,
): Promise<Intake> {
  const parsed = read(body);
  if (parsed.ok) return { kind: "taken", news: await alerts.receive(parsed.value, signal) };
  const { message, at, excerpt } = parsed.error;
  return {
    kind: "garbage",
    problem: `${message} (${positionText(at)}${excerpt === undefined ? "" : `: ${excerpt}`})`,
  };
}
