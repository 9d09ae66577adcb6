import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const askWithinMs = 10_000;

/** Whether `gofire serve` could answer in Slack; nothing when nobody said that it should. */
export async function chatChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Ports,
): Promise<readonly DoctorCheck[]> {
  const name = "slack";
  const host = await ports.host();
  if (config?.slack === undefined && host.environment("SLACK_BOT_TOKEN") === undefined) return [];
  const { signal } = context;
  context.progress("Asking Slack…");
  const lacks: string[] = [];
  try {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(askWithinMs)]);
    const detail = await ports.chatCheck(config, (line) => void lacks.push(line), bound);
    return lacks.length === 0
      ? [{ name, state: "ok", detail }]
      : [{ name, state: "warning", detail, next: lacks.join("\n") }];
  } catch (error) {
    signal.throwIfAborted();
    const detail = reasonOf(error);
    return [
      {
        name,
        state: "failed",
        detail,
        next: "docs/guide/slack.md has how the app is installed, step by step.",
      },
    ];
  }
}
