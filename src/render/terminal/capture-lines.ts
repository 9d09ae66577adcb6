import type { CaptureRecord } from "../../domain/evidence/capture.ts";
import { bytesText, durationText } from "../../domain/units.ts";
import { printable } from "../style.ts";
import { capturedText } from "../words.ts";
import { labelled } from "../wrap.ts";
import { indent, labelWidth, type TerminalOptions } from "./layout.ts";

/** What was captured whole, and what not or only in part, with the reason. */
export function captureLines(
  captures: readonly CaptureRecord[],
  { style, width, verbose }: TerminalOptions,
): string[] {
  if (captures.length === 0) return [];
  const whole = captures.filter((capture) => capture.status === "ok");
  const when = capturedText(captures);
  const lines = [when === undefined ? style.bold("Captured") : `${style.bold("Captured")}  ${when}`];
  if (whole.length > 0) {
    lines.push(...labelled("ok", (verbose ? eachCapture : capturesByKind)(whole), indent, labelWidth, width));
  }
  const folder = commonFolder(captures);
  const byReason = new Map<string, CaptureRecord[]>();
  for (const capture of captures) {
    if (capture.status === "ok" || (!verbose && isNoNews(capture))) continue;
    const key = `${capture.status}\0${capture.reason ?? ""}`;
    byReason.set(key, [...(byReason.get(key) ?? []), capture]);
  }
  for (const alike of byReason.values()) {
    const what = [...new Set(alike.map(({ kind, file }) => named(kind, file, folder)))].join(", ");
    const text = `${what}: ${alike[0]?.reason ?? ""}`;
    lines.push(...labelled(alike[0]?.status ?? "", printable(text), indent, labelWidth, width));
  }
  return lines;
}

/** Of what there is a file, but not a whole one: which, because loose files are mended or left out by name. */
function named(kind: string, file: string | undefined, folder: string): string {
  if (file === undefined) return kind;
  return `${kind} (${within(folder, file)})`;
}

/** `goroutine ×2, heap ×2, cpu (5 s), block ×2 (10 s at a rate of 10 µs), goroutine-dump · 66 KiB` */
function capturesByKind(captures: readonly CaptureRecord[]): string {
  const kinds = [...new Set(captures.map(({ kind }) => kind))].map((kind) => {
    const alike = captures.filter((capture) => capture.kind === kind);
    const times = alike.length > 1 ? ` ×${alike.length}` : "";
    const tookMs = alike[0]?.durationMs ?? 0;
    const remark =
      kind === "cpu" && tookMs > 0
        ? durationText(tookMs)
        : alike.find(({ reason }) => reason !== undefined)?.reason;
    return `${kind}${times}${remark === undefined ? "" : ` (${printable(remark)})`}`;
  });
  return `${kinds.join(", ")} · ${bytesText(captures.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

function eachCapture(captures: readonly CaptureRecord[]): string {
  return captures
    .map(({ kind, bytes, durationMs }) => {
      const took = durationMs > 0 ? ` in ${durationText(durationMs)}` : "";
      return `${kind} ${bytesText(bytes)}${took}`;
    })
    .join(" · ");
}

/** Left out because nobody asked for it, or because the same failed before: no limit forbade it. */
function isNoNews({ status, reason = "" }: CaptureRecord): boolean {
  return status === "skipped" && /^not asked (?:for|again)/.test(reason);
}

/** The folder that all captures lie in, with its slash: it says nothing in front of each file. */
export function commonFolder(captures: readonly CaptureRecord[]): string {
  const files = captures.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const [first = ""] = files;
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (!files.every((file) => file.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return folder;
}

export function within(folder: string, file: string): string {
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}
