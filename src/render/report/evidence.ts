import type { CaptureKind } from "../../domain/evidence/capture.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { bytesText } from "../../domain/units.ts";
import { code, inline } from "../markdown-words.ts";

/** Kinds whose files `go tool pprof` reads; traces have a tool of their own, everything else is text or JSON. */
const profiles: ReadonlySet<CaptureKind> = new Set([
  "goroutine",
  "goroutineleak",
  "mutex",
  "block",
  "heap",
  "allocs",
  "threadcreate",
  "cpu",
]);

/** What was captured, under which names people find it, and how each is opened. */
export function evidenceLines({ steps, bundle, replies }: Incident): readonly string[] {
  if (bundle === undefined) return ["Nothing was captured, or nothing of it is kept."];
  const named = new Map(
    replies.flatMap(({ kind, files, state }) =>
      kind === "evidence" && state === "posted"
        ? files
            .filter(({ artifact }) => artifact.startsWith(bundle))
            .map(({ artifact, name }) => [artifact, name])
        : [],
    ),
  );
  const files = steps.flatMap(({ kind, file, bytes, state }) => {
    if (file === undefined || kind === "index") return [];
    const inThread = named.get(`${bundle}${file}`);
    const size = bytes === undefined ? "" : `, ${bytesText(bytes)}`;
    const part = state === "ok" ? "" : `, ${state}`;
    const open = howToOpen(kind, inThread ?? file);
    return [
      `${kind}${size}${part}: ${
        inThread === undefined ? `${code(file)}, not in the thread` : `${code(inThread)} in the card's thread`
      }${open === undefined ? "" : `. Open it: ${code(open)}`}`,
    ];
  });
  const shown = new Set(named.keys());
  const others = replies
    .filter(({ kind, state }) => kind !== "report" && state === "posted")
    .flatMap((reply) => reply.files)
    .filter(({ artifact }) => !shown.has(artifact))
    .map(({ name, title }) => `${inline(title)}: ${code(name)} in the card's thread`);
  return [
    ...files,
    ...others,
    `All of it is kept among gofire's artifacts below ${code(bundle)} for as long as artifacts.keep says; ${inline(
      "gofire analyze",
    )} reads it again.`,
  ];
}

function howToOpen(kind: CaptureKind, file: string): string | undefined {
  if (profiles.has(kind)) return `go tool pprof -http=: ${file}`;
  return kind === "trace" ? `go tool trace ${file}` : undefined;
}
