import { type Fields, fieldsOf } from "../fields.ts";
import { addMessage, editMessage, findMessage } from "../messages.ts";
import { checkedBody } from "../methods/chat.ts";
import type { Workspace } from "../workspace.ts";
import type { People } from "./people.ts";
import { channelOf } from "./places.ts";

export interface PagerMessage {
  readonly text?: string;
  readonly username?: string;
  readonly attachments?: readonly Fields[];
  readonly blocks?: readonly Fields[];
  /** Another bot than the usual pager. */
  readonly botId?: string;
  /**
   * - `webhook`, the default: an incoming webhook, or an app under another name: subtype bot_message, no user.
   * - `app`: an app under its own name, with chat.postMessage: no subtype, but a bot user and a profile.
   */
  readonly by?: "webhook" | "app";
  /** In the thread of this message. */
  readonly threadTs?: string;
}

const pager = { botId: "B0PAGER001", appId: "A0PAGER001" } as const;

/** What another app posts. */
export function paging(workspace: Workspace): Pick<People, "page" | "editPage"> {
  return {
    page(channelId, { by = "webhook", username = "Alertmanager", threadTs, botId = pager.botId, ...page }) {
      const channel = channelOf(workspace, channelId);
      const body = checkedBody(workspace, { text: "", ...page });
      const thread = threadTs === undefined ? {} : { threadTs };
      const speaker =
        by === "webhook" ? { username, subtype: "bot_message" } : { user: "U0PAGER001", botName: username };
      return addMessage(workspace, channel, { ...body, ...pager, botId, ...thread, ...speaker }).ts;
    },
    editPage(channelId, ts, { text = "", attachments, blocks }) {
      const channel = channelOf(workspace, channelId);
      const message = findMessage(channel, ts);
      if (message?.botId !== pager.botId) throw new Error("The pager posted no such message.");
      const shown = {
        text,
        ...(attachments === undefined ? {} : { attachments }),
        ...(blocks === undefined ? {} : { blocks }),
      };
      editMessage(workspace, channel, message, checkedBody(workspace, fieldsOf(shown)));
    },
  };
}
