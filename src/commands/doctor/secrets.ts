import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { readSecret } from "../access/secret.ts";
import type { Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

/** Secrets of pages for people that gofire.yaml names and nobody has set; nothing where they are there. */
export async function secretChecks(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "host">,
): Promise<readonly DoctorCheck[]> {
  const host = await ports.host();
  const missing: DoctorCheck[] = [];
  for (const [name, secret] of [
    ["queueBoard", config?.queueBoard?.password],
    ["web", config?.web?.linkSecret],
  ] as const) {
    if (secret === undefined) continue;
    try {
      await readSecret(secret, host, `${config?.file}: ${name}`);
    } catch (error) {
      const next = "gofire serve does not start without it.";
      missing.push({ name, state: "failed", detail: reasonOf(error), next });
    }
  }
  return missing;
}
