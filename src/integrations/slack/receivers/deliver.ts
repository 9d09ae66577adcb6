import type { App } from "@slack/bolt";

/** One thing that Slack tells the app, however it came. */
export interface Delivery {
  readonly body: Readonly<Record<string, unknown>>;
  /** 1 for the second attempt at the same event. */
  readonly retryNum?: number;
  /** Tells Slack that it was heard, with what the person is to see. */
  readonly ack: (answer: unknown) => Promise<void>;
}

/**
 * Has the app work on a delivery and acknowledges it. Rejects, and acknowledges nothing, when the app fails: Slack
 * then sends events again and tells people that their command failed.
 *
 * Bolt acknowledges events before any listener runs (Bolt 5.1, App.processEvent), so an event would be lost when the
 * process dies or Redis is away; it gets an acknowledgement that does nothing, and the real one follows the work.
 */
export async function deliver(app: App, { body, retryNum, ack }: Delivery): Promise<void> {
  const isEvent = body["type"] === "event_callback";
  let isAcked = false;
  await app.processEvent({
    body,
    ...(retryNum === undefined ? {} : { retryNum }),
    async ack(answer: unknown) {
      if (isEvent || isAcked) return;
      isAcked = true;
      await ack(answer);
    },
  });
  // What no listener knows is acknowledged, too: Slack would show a failure for it.
  if (!isAcked) await ack(undefined);
}
