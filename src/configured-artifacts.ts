/** The artifacts as gofire.yaml has them, for the bot and for `gofire artifacts`. */
import { readSecret } from "./commands/access/secret.ts";
import type { GofireConfig } from "./config/gofire-config.ts";
import { defaultArtifacts } from "./config/resolve-artifacts.ts";
import { type OpenArtifacts, openArtifacts } from "./integrations/artifacts/open.ts";
import type { Host } from "./ports/host.ts";

/** Throws UsageError for secrets that are missing, PortError for a place that cannot be used. */
export async function configuredArtifacts(
  config: GofireConfig | undefined,
  host: Host,
  stateFolder: string,
): Promise<OpenArtifacts> {
  const at = `${config?.file ?? "gofire.yaml"}: artifacts`;
  return await openArtifacts(config?.artifacts ?? defaultArtifacts, {
    stateFolder,
    secret: (reference) => readSecret(reference, host, at),
  });
}
