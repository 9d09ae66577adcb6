import { approveConfig } from "./approve-config.ts";
import type { ChatCommand } from "./chat-command.ts";
import { diff } from "./diff.ts";
import { explain } from "./explain.ts";
import { feedback } from "./feedback.ts";
import { helpCommand } from "./help.ts";
import { mute, unmute } from "./mute.ts";
import { peer } from "./peer.ts";
import { report } from "./report.ts";
import { resolve } from "./resolve.ts";
import { rollback } from "./rollback.ts";
import { show } from "./show.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { tls } from "./tls.ts";

/** Every command of the chat, in the order of the help text. */
export const chatCommands: readonly ChatCommand[] = [
  snapshot,
  status,
  show,
  explain,
  diff,
  peer,
  tls,
  rollback,
  approveConfig,
  report,
  feedback,
  resolve,
  mute,
  unmute,
  helpCommand(() => chatCommands),
];
