import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "redis";

/** Whether there is a Redis that `gofire serve` can keep its queue in; nothing where nobody serves. */
export async function queueChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Pick<Ports, "host" | "queueCheck">,
): Promise<readonly DoctorCheck[]> {
  const host = await ports.host();
  if (config?.slack === undefined && host.environment("SLACK_BOT_TOKEN") === undefined) return [];
  context.progress("Asking Redis…");
  const risks: string[] = [];
  try {
    const detail = await ports.queueCheck((line) => void risks.push(line));
    return risks.length === 0
      ? [{ name, state: "ok", detail }]
      : [{ name, state: "warning", detail, next: risks.join("\n") }];
  } catch (error) {
    context.signal.throwIfAborted();
    const detail = reasonOf(error);
    return [
      { name, state: "failed", detail, next: "docs/guide/slack.md says which Redis gofire works with." },
    ];
  }
}
