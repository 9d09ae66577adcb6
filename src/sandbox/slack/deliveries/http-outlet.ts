import { createHmac } from "node:crypto";
import { fieldsOf, parseJson } from "../fields.ts";
import type { Workspace } from "../workspace.ts";
import type { Delivery, DeliveryResult, Outlet } from "./outlet.ts";

interface HttpOutletOptions {
  readonly workspace: Workspace;
  readonly requestUrl: string;
  readonly signingSecret: string;
}

/** Signed requests to the app's request URL (https://docs.slack.dev/authentication/verifying-requests-from-slack). */
export function createHttpOutlet({ workspace, requestUrl, signingSecret }: HttpOutletOptions): Outlet {
  return {
    async send(delivery) {
      const { contentType, body } = encoded(delivery);
      const sentAtS = Math.floor(workspace.clock.nowMs() / 1_000) + (delivery.skewS ?? 0);
      const digest = createHmac("sha256", signingSecret).update(`v0:${sentAtS}:${body}`).digest("hex");
      const late = new AbortController();
      const cancel = workspace.clock.after(workspace.patienceMs, () => late.abort());
      try {
        const response = await fetch(requestUrl, {
          method: "POST",
          body,
          signal: late.signal,
          redirect: "manual",
          headers: {
            "content-type": contentType,
            "x-slack-signature": `v0=${digest}`,
            "x-slack-request-timestamp": String(sentAtS),
            ...(delivery.retry === undefined
              ? {}
              : {
                  "x-slack-retry-num": String(delivery.retry.number),
                  "x-slack-retry-reason": delivery.retry.reason,
                }),
          },
        });
        return await resultOf(response);
      } catch {
        return { isAcked: false, reason: late.signal.aborted ? "http_timeout" : "connection_failed" };
      } finally {
        cancel();
      }
    },
    close() {},
  };
}

function encoded({ kind, payload }: Delivery): { readonly contentType: string; readonly body: string } {
  if (kind === "events_api") return { contentType: "application/json", body: JSON.stringify(payload) };
  const form = new URLSearchParams();
  if (kind === "interactive") form.set("payload", JSON.stringify(payload));
  else for (const [name, value] of Object.entries(payload)) form.set(name, String(value));
  return { contentType: "application/x-www-form-urlencoded", body: form.toString() };
}

async function resultOf(response: Response): Promise<DeliveryResult> {
  const text = await response.text();
  if (response.status >= 200 && response.status < 300) {
    const json = parseJson(text);
    return { isAcked: true, body: json === undefined && text !== "" ? { text } : fieldsOf(json) };
  }
  const wantsNoRetry = response.headers.get("x-slack-no-retry") === "1";
  return { isAcked: false, reason: "http_error", wantsNoRetry };
}
