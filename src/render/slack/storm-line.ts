import type { StormCount } from "../../domain/alerts/storm-count.ts";
import { counted, countText } from "../../domain/units.ts";
import { utcDayTime } from "../words.ts";
import { channel, link, timeOfDay, words } from "./escape.ts";

/** A storm in a list: how many of its pages stand in the digest, and what became of them. */
export function stormLine(storm: StormCount, { withChannel }: { readonly withChannel: boolean }): string {
  const what = `${counted(storm.pages, "page")} in the storm digest`;
  return [
    `🌊 *${storm.link === undefined ? what : link(storm.link, what)}*`,
    ...fates(storm),
    words(storm.id, 40),
    withChannel ? channel(storm.channel) : "",
    timeOfDay(storm.sinceMs, "{date_short_pretty} {time}"),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** The same for who hears it read, raw. */
export function stormSentence(storm: StormCount): string {
  return `${[`${counted(storm.pages, "page")} in the storm digest ${storm.id}`, ...fates(storm)].join(", ")}, since ${utcDayTime(storm.sinceMs)}.`;
}

function fates({ judged, capturing, waiting, ended }: StormCount): readonly string[] {
  return [
    judged === 0 ? "" : `${countText(judged)} captured`,
    capturing === 0 ? "" : `${countText(capturing)} being captured`,
    waiting === 0 ? "" : `${countText(waiting)} waiting`,
    ended === 0 ? "" : `${countText(ended)} ended`,
  ].filter((part) => part !== "");
}
