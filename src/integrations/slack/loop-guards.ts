/** An event of somebody saying something, as far as it tells who. */
export interface Said {
  readonly user?: string | undefined;
  readonly bot_id?: string | undefined;
  readonly subtype?: string | undefined;
  readonly edited?: unknown;
  readonly hidden?: boolean | undefined;
}

/** Of what people say with a file, or in a thread and to its channel, too (https://docs.slack.dev/reference/events/message). */
const personsSubtypes = new Set<string | undefined>([undefined, "file_share", "thread_broadcast"]);

/**
 * Whether a person said it, just now. gofire must not answer itself, other bots (two bots that answer each other never
 * end), nor a message a second time because it was edited: Bolt's own guard lets edits of our messages through.
 */
export function isPersonsWord(
  said: Said,
  own: { readonly botId: string; readonly botUserId: string },
): boolean {
  return (
    said.user !== undefined &&
    said.user !== own.botUserId &&
    said.user !== "USLACKBOT" &&
    said.bot_id === undefined &&
    personsSubtypes.has(said.subtype) &&
    said.edited === undefined &&
    said.hidden !== true
  );
}
