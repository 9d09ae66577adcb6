import type { SecretReference } from "./gofire-config.ts";
import { defined, optionalSecret } from "./resolve-words.ts";
import type { WebSection } from "./web-schema.ts";

/** Where people reach `gofire serve`. What is not said in the file is the environment variable that is usual for it. */
export interface WebConfig {
  readonly url?: string;
  /** Signs links; the same on every machine. */
  readonly linkSecret?: SecretReference;
}

export function webOf({ url, linkSecretEnv, linkSecretFile }: WebSection = {}, folder: string): WebConfig {
  return defined({ url, linkSecret: optionalSecret(linkSecretEnv, linkSecretFile, folder) });
}
