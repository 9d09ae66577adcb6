import type { Fields } from "./fields.ts";

/** A refusal as the Web API words it: `{"ok":false,"error":code,…more}` with HTTP status 200. */
export class SlackError extends Error {
  override readonly name = "SlackError";
  readonly code: string;
  readonly more: Fields;

  constructor(code: string, more: Fields = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}

/**
 * A refusal with one line per problem, each ending in a JSON pointer, as Slack answers it for blocks and views:
 * the lines stand in `errors` and, marked with [ERROR], in `response_metadata.messages`.
 * Shape: slackapi/python-slack-sdk#1658, slack-go/slack#939.
 */
export function refusedFields(code: string, problems: readonly string[]): SlackError {
  return new SlackError(code, {
    errors: problems,
    response_metadata: { messages: problems.map((problem) => `[ERROR] ${problem}`) },
  });
}
