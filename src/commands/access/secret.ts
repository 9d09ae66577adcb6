import type { SecretReference } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";

/**
 * The secret that `reference` names, `at` a place of the configuration. Throws UsageError when it is not there; `hint`
 * says where people get it.
 */
export async function readSecret(
  reference: SecretReference,
  host: Host,
  at: string,
  hint = "",
): Promise<string> {
  if ("file" in reference) {
    const text = (await host.readText(reference.file)).trimEnd();
    // Where it is to keep others out, or to let gofire in, an empty one is none.
    if (text === "") throw new UsageError(`${at}: ${reference.file} is empty. ${hint}`.trimEnd());
    return text;
  }
  const value = host.environment(reference.env);
  if (value === undefined)
    throw new UsageError(`${at}: the environment variable ${reference.env} is not set. ${hint}`.trimEnd());
  return value;
}
