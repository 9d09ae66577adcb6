import type { AuditEvent } from "../../src/domain/audit/audit-event.ts";

/** An approval as gofire writes one. */
export function approval(id: string, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id,
    type: "config.approved",
    atMs: 1_780_000_000_000,
    actor: "slack:U024BE7LH",
    subject: {
      repository: "https://git.shop.example/config.git",
      environment: "prod",
      digest: "h1:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48=",
      proposal: "42",
      base: "0123456789abcdef0123456789abcdef01234567",
      head: "89abcdef0123456789abcdef0123456789abcdef",
    },
    ...more,
  };
}
