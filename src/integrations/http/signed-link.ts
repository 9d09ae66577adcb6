import { createHmac, timingSafeEqual } from "node:crypto";

/** What a link gives away, and until when. */
export interface LinkTarget {
  readonly artifactKey: string;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

export interface LinkSigner {
  /** Query string of a link: the target and what proves that this gofire made it. */
  sign(target: LinkTarget): URLSearchParams;
  /** `wrong` for everything that this gofire has not signed as it stands. */
  check(query: URLSearchParams, nowMs: number): LinkTarget | "wrong" | "expired";
}

/** A signature says what it is for, so that the secret may sign other things one day. */
const purpose = "gofire profile link 1";

/**
 * HMAC-SHA256 over purpose, expiry and key (RFC 2104), compared in constant time. `secret` has at least 32 bytes of
 * randomness: whoever knows it can read every artifact.
 */
export function linkSigner(secret: Uint8Array): LinkSigner {
  function signature({ artifactKey, untilMs }: LinkTarget): Buffer {
    return createHmac("sha256", secret).update(`${purpose}\n${untilMs}\n${artifactKey}`).digest();
  }

  return {
    sign(target) {
      return new URLSearchParams({
        key: target.artifactKey,
        until: String(target.untilMs),
        signature: signature(target).toString("base64url"),
      });
    },
    check(query, nowMs) {
      const until = query.get("until") ?? "";
      const target = { artifactKey: query.get("key") ?? "", untilMs: Number(until) };
      const given = Buffer.from(query.get("signature") ?? "", "base64url");
      const right = signature(target);
      const isRight = given.length === right.length && timingSafeEqual(given, right);
      if (!isRight || !/^\d{1,15}$/.test(until)) return "wrong";
      return nowMs < target.untilMs ? target : "expired";
    },
  };
}
