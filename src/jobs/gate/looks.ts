import type { MessageBody } from "../../domain/chat/message.ts";
import type { GateView, ProposalReport } from "../../domain/configuration/gate-card.ts";
import type { Reply } from "../../domain/incidents/incident.ts";

/** How proposals look in the chat. Pure: the same gives the same body. */
export interface GateLooks {
  /** What a proposal would change and where it stands. Whole: it leaves out nothing that would change. */
  gate(view: GateView): { readonly body: MessageBody; readonly isWhole: boolean };
  /** All that would change, as the text of a Markdown file. */
  gateList(report: ProposalReport): string;
  /** A reply in the thread of a proposal's card. */
  gateReply(reply: Reply): MessageBody;
}
