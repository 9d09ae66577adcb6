import type { Frame } from "../domain/code/frame.ts";
import { shortFile } from "../domain/goroutines/goroutine-sites.ts";
import { bytesText, countText, durationText, percentText } from "../domain/units.ts";

/** `shop/ledger.(*Store).Post  ledger/ledger.go:88` */
export function placeText({ function: symbol, file, line }: Frame): string {
  return file === "" ? symbol : `${symbol}  ${shortFile(file)}:${line}`;
}

/** A measured value with its unit, in the words of the unit. */
export function quantity(value: number, unit: string): string {
  switch (unit) {
    case "bytes":
      return bytesText(value);
    case "ms":
      return durationText(value);
    case "ratio":
      return percentText(value);
    case "per-second":
      return `${Number(value.toPrecision(3))} per second`;
    default:
      return `${numberText(value)} ${inNumber(value, unit)}`;
  }
}

/** `OOM kills` as one `OOM kill`. */
function inNumber(value: number, unit: string): string {
  return value === 1 ? unit.replace(/s$/, "") : unit;
}

function numberText(value: number): string {
  return Number.isInteger(value) ? countText(value) : String(Number(value.toPrecision(3)));
}

/** A limit next to the measured value, whose unit need not be said twice. */
export function limitText(limit: number, unit: string): string {
  const written = quantity(limit, unit);
  const number = numberText(limit);
  return [unit, inNumber(limit, unit)].some((word) => written === `${number} ${word}`) ? number : written;
}

/** `03:12 UTC` */
export function utcTime(ms: number): string {
  const minutesOfDay = Math.floor(ms / 60_000) % (24 * 60);
  return `${twoDigits(Math.floor(minutesOfDay / 60))}:${twoDigits(minutesOfDay % 60)} UTC`;
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
