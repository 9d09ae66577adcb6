import type { Frame } from "../domain/code/frame.ts";
import { hasStandardName } from "../domain/code/own-code.ts";
import type { CaptureRecord } from "../domain/evidence/capture.ts";
import { shortFile } from "../domain/goroutines/goroutine-sites.ts";
import { bytesText, countText, durationText, percentText } from "../domain/units.ts";

/** `shop/ledger.(*Store).Post  ledger/ledger.go:88` */
export function placeText({ function: symbol, file, line }: Frame): string {
  return file === "" ? symbol : `${symbol}  ${shortFile(file)}:${line}`;
}

/** Where goroutines stand, for a list of them: the innermost call that is not the standard library's, where there is one. */
export function standingText(stack: readonly Frame[]): string {
  const frame =
    stack.find((each) => !hasStandardName(each.function)) ??
    stack.find((each) => !each.function.startsWith("runtime.")) ??
    stack[0];
  return frame === undefined ? "(no frames)" : placeText(frame);
}

/** `2026-11-30 03:12:04 UTC, within 12 s`: when captures began, and how long all of them took; undefined where none says. */
export function capturedText(captures: readonly CaptureRecord[]): string | undefined {
  const timed = captures.flatMap(({ startedAtMs, durationMs, status }) =>
    startedAtMs === undefined || status === "failed" || status === "skipped"
      ? []
      : [{ startedAtMs, endedAtMs: startedAtMs + durationMs }],
  );
  if (timed.length === 0) return undefined;
  const startedAtMs = timed.reduce((first, { startedAtMs: each }) => Math.min(first, each), Infinity);
  const endedAtMs = timed.reduce((last, { endedAtMs: each }) => Math.max(last, each), 0);
  return `${stamp(startedAtMs)} UTC, within ${durationText(endedAtMs - startedAtMs)}`;
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

const dayMs = 86_400_000;

/** `03:12 UTC` */
export function utcTime(ms: number): string {
  const minutesOfDay = Math.floor(ms / 60_000) % (24 * 60);
  return `${twoDigits(Math.floor(minutesOfDay / 60))}:${twoDigits(minutesOfDay % 60)} UTC`;
}

/** `2026-11-30 03:12 UTC`: where it may be of another day than the reader's. */
export function utcDayTime(ms: number): string {
  return `${dateOf(Math.floor(ms / dayMs))} ${utcTime(ms)}`;
}

/** `2024-05-21 03:12:04`, in UTC. */
export function stamp(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "at an unknown time";
  const days = Math.floor(ms / dayMs);
  const seconds = Math.floor((ms - days * dayMs) / 1_000);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits);
  return `${dateOf(days)} ${time.join(":")}`;
}

/**
 * Days since the epoch as a date of the Gregorian calendar, counted in years that begin in March
 * (https://howardhinnant.github.io/date_algorithms.html#civil_from_days): rendering knows no clock.
 */
function dateOf(days: number): string {
  const sinceMarch = days + 719_468;
  const era = Math.floor(sinceMarch / 146_097);
  const dayOfEra = sinceMarch - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** With a full stop, unless it ends like a sentence already. */
export function ended(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed === "" || /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
