import type { Reply } from "../../domain/incident.ts";
import { timeOfDay, words } from "./escape.ts";

/** What stands above files (`initial_comment` of files.completeUploadExternal), well below the 4,000 of a text. */
const commentCharacters = 2_500;

/** What goes with the files of a reply: its words, and where they can be looked at. */
export function fileComment({ text, files }: Pick<Reply, "text" | "files">): string {
  const links = files.flatMap(({ browser, title }) =>
    browser === undefined
      ? []
      : [
          `<${browser.url.replaceAll("&", "&amp;")}|${words(`${title} in the browser`, 150)}> ` +
            `(until ${timeOfDay(browser.untilMs, "{date_short_pretty} {time}")})`,
        ],
  );
  return [words(text, commentCharacters), ...links].join("\n");
}
