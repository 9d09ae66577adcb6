import { App, type Logger, LogLevel, type Receiver } from "@slack/bolt";
import type { Hearing } from "./hearing.ts";
import type { SlackIdentity } from "./start-check.ts";

/** Who gofire is in the workspace. */
export type OwnIdentity = Pick<SlackIdentity, "teamId" | "botId" | "botUserId">;

/**
 * The Bolt app: sorts what the receiver hears. It gets no token. With one, Bolt 5.1 asks `auth.test` in its
 * constructor and a revoked token ends the process later; and its listeners' client, which repeats writes whose answer
 * got lost, would be there to post twice with. Errors come out of `processEvent`, so that nothing that failed is
 * acknowledged.
 */
export function boltApp(receiver: Receiver, own: OwnIdentity, onTrouble: (message: string) => void): App {
  const app = new App({
    receiver,
    authorize: async () => {
      await Promise.resolve();
      const { teamId, botId, botUserId } = own;
      return { teamId, botId, botUserId };
    },
    logger: troubleLogger(onTrouble),
    // One entry per channel for good, for a feature that gofire does not use.
    convoStore: false,
    ignoreSelf: true,
  });
  app.error((problem) => Promise.reject(problem.original ?? problem));
  return app;
}

/** Every kind of delivery has a listener: what nobody acknowledges, Slack shows as a failure. */
export function listenWith(app: App, hearing: Hearing): void {
  app.command(/.*/, async ({ ack, body }) => {
    await ack(asResponse(await hearing.command(body)));
    await hearing.answered(body);
  });
  app.action(/.*/, async ({ ack, body }) => {
    await hearing.click(body);
    await ack();
  });
  app.shortcut(/.*/, async ({ ack, body }) => {
    await hearing.shortcut(body);
    await ack();
  });
  app.view({ callback_id: /.*/, type: "view_submission" }, async ({ ack, body }) => {
    await ack(asResponse(await hearing.submission(body)));
  });
  app.event("app_mention", async ({ body, context }) => {
    await hearing.mention(body, context.retryNum);
  });
  app.event("message", async ({ body }) => {
    await hearing.message(body);
  });
  app.event("member_joined_channel", async ({ body }) => {
    await hearing.joined(body);
  });
  app.event("app_home_opened", async ({ body }) => {
    await hearing.home(body);
  });
}

/** Our bodies are checked by what renders them; Bolt's types know fewer kinds of blocks than Slack. */
function asResponse(answer: object | undefined): never {
  return answer as never;
}

function troubleLogger(onTrouble: (message: string) => void): Logger {
  function say(...parts: readonly unknown[]): void {
    onTrouble(`Slack: ${parts.map(String).join(" ")}`);
  }
  return {
    debug() {},
    info() {},
    warn: say,
    error: say,
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  };
}
