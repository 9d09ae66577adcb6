/** An event of somebody saying something, as far as it tells who. */
export interface Said {
  readonly user?: string | undefined;
  readonly bot_id?: string | undefined;
  readonly subtype?: string | undefined;
  readonly edited?: unknown;
  readonly hidden?: boolean | undefined;
}

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
    said.subtype === undefined &&
    said.edited === undefined &&
    said.hidden !== true
  );
}
