import type { Reply } from "../../domain/incidents/incident.ts";
import { code, link, timeOfDay, words } from "./escape.ts";

/** What stands above files (`initial_comment` of files.completeUploadExternal), well below the 4,000 of a text. */
const commentCharacters = 2_500;

/** What goes with the files of a reply: its words, and where they can be looked at. */
export function fileComment({ text, files }: Pick<Reply, "text" | "files">): string {
  const command = pprofLine(files);
  const links = files.flatMap(({ browser, title }) =>
    browser === undefined
      ? []
      : [
          `${link(browser.url, words(`${title} in the browser`, 150))} ` +
            `(until ${timeOfDay(browser.untilMs, "{date_short_pretty} {time}")})`,
        ],
  );
  return [words(text, commentCharacters), command, ...links].filter((line) => line !== "").join("\n");
}

/** How to look at one of the profiles, for who has saved it. */
function pprofLine(files: Reply["files"]): string {
  const profiles = files.filter(({ name }) => name.endsWith(".pb.gz"));
  const profile = profiles.find(({ name }) => name.includes(".cpu.")) ?? profiles[0];
  // Names of files are made of letters, digits, dots and dashes: nothing in them is the shell's.
  return profile === undefined ? "" : `Look at one: ${code(`go tool pprof -http=: ${profile.name}`, 300)}`;
}
