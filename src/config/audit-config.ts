import type { AuditSection } from "./audit-schema.ts";
import type { SecretReference } from "./gofire-config.ts";
import { defined, optionalSecret } from "./resolve-words.ts";

/** The record of who approved and rolled back what. */
export interface AuditConfig {
  /** Where the file says so, for messages: `gofire.yaml: audit`. */
  readonly at: string;
  readonly origin: string;
  /** Ed25519, PKCS#8 in PEM; absent: one of the state folder. */
  readonly key?: SecretReference;
  /** Whether it is served. */
  readonly isPublic: boolean;
}

export function auditOf(
  { origin, keyEnv, keyFile, public: isPublic = false }: AuditSection,
  { file, folder }: { readonly file: string; readonly folder: string },
): AuditConfig {
  return {
    at: `${file}: audit`,
    origin,
    ...defined({ key: optionalSecret(keyEnv, keyFile, folder) }),
    isPublic,
  };
}
