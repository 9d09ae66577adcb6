/** Slack's limits, as far as messages and files meet them. What is cut because of them is announced in the message. */

/** At most `most` calls within any `windowMs`. */
export interface Rate {
  readonly most: number;
  readonly windowMs: number;
}

/** A second on top is for answers that travel at different speeds, as the tenth below. */
const minuteMs = 61_000;

/** Calls a minute, for each method of its own (https://docs.slack.dev/apis/web-api/rate-limits). */
const tier2: Rate = { most: 20, windowMs: minuteMs };
const tier3: Rate = { most: 50, windowMs: minuteMs };
const tier4: Rate = { most: 100, windowMs: minuteMs };

/**
 * "1 per second" and channel, "short bursts of >1 allowed" (same page). The burst of three is our reading, the tenth
 * on top of the three seconds is for answers that travel at different speeds.
 */
const posting: Rate = { most: 3, windowMs: 3_300 };

/** Rates of the methods that gofire calls; a method that is not named here is not paced. */
export const rates: Readonly<Record<string, Rate>> = {
  "chat.postMessage": posting,
  "chat.update": tier3,
  "chat.postEphemeral": tier4,
  "conversations.history": tier3,
  "conversations.info": tier3,
  "conversations.join": tier3,
  "conversations.replies": tier3,
  "files.completeUploadExternal": tier4,
  "files.delete": tier3,
  "files.getUploadURLExternal": tier4,
  "files.info": tier4,
  "reactions.add": tier3,
  "reactions.remove": tier2,
  "usergroups.users.list": tier2,
  "users.conversations": tier3,
  "users.info": tier4,
  "views.open": tier4,
  "views.publish": tier4,
  "views.update": tier4,
};

/** Methods whose rate counts for each channel of its own. */
export const perChannel: ReadonlySet<string> = new Set(["chat.postMessage"]);

/** Of the edits a minute, those that may go to progress; the rest is for changes of state. */
export const progressEdits: Rate = { most: 20, windowMs: minuteMs };

/** Of the files a minute, those of uploads of more than `fewFiles`; the rest is for findings and pictures. */
export const bulkFiles: Rate = { most: 60, windowMs: minuteMs };
export const fewFiles = 3;

/** When Slack answers 429 and does not say how long. */
export const pauseWithoutWordMs = 30_000;

/** How long one call may take, from sending to the last byte of the answer. */
export const callDeadlineMs = 10_000;

/** A file gets this much on top of `callDeadlineMs` for each of its bytes: 256 KiB a second is a slow line. */
export const uploadMsPerByte = 1_000 / (256 * 1_024);

/** A page of 100 messages with blocks stays far below; anything longer is not an answer of the Web API. */
export const answerMaxBytes = 16 * 1_024 * 1_024;

/**
 * chat.update refuses more than 4,000 characters (msg_too_long, https://docs.slack.dev/reference/methods/chat.update);
 * chat.postMessage cuts a longer text into several messages. What a character is remains untold: UTF-16 units is the
 * strict reading, here as everywhere below.
 */
export const textMax = 4_000;

/** https://docs.slack.dev/reference/methods/files.getUploadURLExternal */
export const altTextMax = 1_000;

/** https://docs.slack.dev/reference/block-kit/blocks */
export const blockLimits = {
  blocks: 50,
  /**
   * Over all blocks of a message. Undocumented: msg_blocks_too_long was met at about 13,200
   * (https://github.com/slackapi/bolt-js/issues/2509).
   */
  characters: 12_000,
  /** Of one block with several texts: no single block may use up what all of them have. */
  blockCharacters: 9_000,
  text: 3_000,
  fields: 10,
  field: 2_000,
  header: 150,
  contextElements: 10,
  actionElements: 25,
  button: 75,
  altText: 2_000,
  tableRows: 100,
  tableCharacters: 10_000,
  /** Of a markdown block; also the sum over all of them. */
  markdown: 12_000,
} as const;
