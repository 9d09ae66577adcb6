import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * How far the sender's clock may be off, both ways: Slack says to refuse what is older than five minutes; Bolt 5.1 lets
 * requests from the future pass, which would keep a recorded request good for longer.
 */
const windowS = 300;

/** The headers and the body of a request as they came in. */
export interface SignedRequest {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly rawBody: Buffer;
}

/**
 * Why a request is not from Slack, or undefined when it is
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack): `v0=` and the HMAC-SHA256, in hex, of
 * `v0:TIMESTAMP:BODY`, compared in constant time.
 */
export function forgedBecause(
  { timestamp, signature, rawBody }: SignedRequest,
  signingSecret: string,
  nowMs: number,
): string | undefined {
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return "it has no timestamp";
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > windowS) {
    return "its timestamp is more than five minutes off; is this machine's clock right?";
  }
  const expected = createHmac("sha256", signingSecret).update(`v0:${timestamp}:`).update(rawBody).digest();
  const claimed = /^v0=([0-9a-f]{64})$/.exec(signature ?? "")?.[1];
  if (claimed === undefined || !timingSafeEqual(expected, Buffer.from(claimed, "hex"))) {
    return "its signature does not fit; is the signing secret this app's?";
  }
  return undefined;
}
