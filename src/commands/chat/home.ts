import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import { chatRights } from "../../domain/chat/chat-rights.ts";
import type { HomeState } from "../../render/slack/home.ts";
import type { ChatPorts } from "./chat-command.ts";
import { answerChat } from "./dispatch.ts";

/**
 * What a person's own page says: what runs, what came out, who may do what. A reply instead for who may not see that.
 * Throws PortError and the signal's reason.
 */
export async function homeState(
  userId: string,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<HomeState | ChatReply> {
  const asked = { intent: `home ${userId}`, kind: "command", userId, place: { channel: userId } } as const;
  const [status, help] = await Promise.all([
    answerChat({ ...asked, words: "status everywhere" }, ports, signal),
    answerChat({ ...asked, words: "help" }, ports, signal),
  ]);
  if (status.kind !== "status") return status;
  if (help.kind !== "help") return help;
  const { access, clock } = ports;
  return {
    status,
    commands: help.commands,
    rights: chatRights.flatMap((right): readonly HomeState["rights"][number][] => {
      const audience = access.rights[right] ?? access.others;
      if (audience !== undefined) return [{ right, audience }];
      // Nobody has it unless the file says who.
      return right === "rollback" ? [] : [{ right }];
    }),
    asOfMs: clock.nowMs(),
  };
}
