import type { ParsedArtifact } from "../../domain/evidence/artifact.ts";
import type { ReplyFile } from "../../domain/incidents/incident.ts";
import { oneChunk } from "../../domain/one-chunk.ts";
import type { ProfileKind } from "../../domain/profiles/profile-kind.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Pictures } from "../../ports/pictures.ts";
import type { ProfileLinks } from "../../ports/profile-links.ts";
import type { Rasteriser } from "../../ports/rasteriser.ts";
import { drawable, drawableInBoth } from "../../render/flame-graph/choice.ts";
import { type DifferenceDrawing, differenceGraph } from "../../render/flame-graph/difference.ts";
import { type DifferenceWords, ofProcesses } from "../../render/flame-graph/difference-words.ts";
import { type Drawing, flameGraph } from "../../render/flame-graph/flame-graph.ts";
import { goroutineMeasure, type Measure, measureOf } from "../../render/flame-graph/measure.ts";
import { goroutineStacks, profileStacks, type Stacks } from "../../render/flame-graph/stacks.ts";
import { type FlameSubject, subjectOf } from "../../render/flame-graph/subject.ts";
import { inTurns } from "../turns/in-turns.ts";
import { oneAtATime } from "../turns/one-at-a-time.ts";
import { inFileName } from "./contents.ts";

export interface PictureParts {
  readonly artifacts: Artifacts;
  readonly rasteriser: Rasteriser;
  /** Absent where gofire has no address that people reach. */
  readonly links?: ProfileLinks;
  /** Reads one capture among the artifacts; undefined when its content cannot be read. */
  readonly readCapture: (key: string, signal: AbortSignal) => Promise<ParsedArtifact | undefined>;
}

/** Slack shows 360 to 480 px and the whole on a click; more than twice that is only slower. */
const pngWidth = 1_280;

/** Two captures of one bundle are seconds apart: less than 5 % of all is no change worth a picture. */
const leastChange = 0.05;

/** Flame graphs of what a bundle has, stored as PNG for the thread and as SVG for those who want to zoom. */
export function flameGraphPictures({ artifacts, rasteriser, links, readCapture }: PictureParts): Pictures {
  async function stored(
    { svg, altText }: Drawing,
    name: string,
    title: string,
    intoPrefix: string,
    signal: AbortSignal,
  ): Promise<ReplyFile> {
    async function put(content: Uint8Array | string, ending: string, contentType: string): Promise<string> {
      const key = `${intoPrefix}${name}.${ending}`;
      await artifacts.put(key, oneChunk(content), { contentType }, signal);
      return key;
    }

    const png = await rasteriser.png(svg, pngWidth, signal);
    await put(svg, "svg", "image/svg+xml");
    return { artifact: await put(png, "png", "image/png"), name: `${name}.png`, title, altText };
  }

  async function weighed(key: string, kind: ProfileKind, signal: AbortSignal): Promise<Weighed | undefined> {
    const capture = await readCapture(key, signal);
    return capture === undefined ? undefined : stacksOf(capture, kind);
  }

  /** What differs between two captures, by their keys. */
  async function changed(
    beforeKey: string,
    nowKey: string,
    kind: ProfileKind,
    subject: FlameSubject,
    signal: AbortSignal,
    words?: DifferenceWords,
  ): Promise<DifferenceDrawing | undefined> {
    const before = await weighed(beforeKey, kind, signal);
    const now = await weighed(nowKey, kind, signal);
    if (before === undefined || now === undefined) return undefined;
    return await inTurns(differenceGraph(before.stacks, now.stacks, now.measure, subject, words), signal);
  }

  const unbounded: Pictures = {
    async draw({ bundle, analysis, modules }, intoPrefix, signal) {
      const chosen = drawable(analysis);
      if (chosen === undefined) return [];
      const subject = subjectOf(analysis, modules);
      const { kind, file, pair } = chosen;
      const shown = await weighed(`${bundle}${file}`, kind, signal);
      if (shown === undefined) return [];
      const whose = inFileName(analysis.target.service ?? "process");
      const drawing = await inTurns(flameGraph(shown.stacks, shown.measure, subject), signal);
      const difference =
        pair === undefined
          ? undefined
          : await changed(`${bundle}${pair.before}`, `${bundle}${pair.now}`, kind, subject, signal);
      const pictures: ReplyFile[] = [];
      if (drawing !== undefined) {
        const title = `Flame graph: ${kind} of ${subject.target}`;
        const picture = await stored(drawing, `flame-graph.${whose}.${kind}`, title, intoPrefix, signal);
        // The page reads profiles, not Go's text forms of them.
        const browser = /\.pb(?:\.gz)?$/.test(file)
          ? links?.linkTo(`${bundle}${file}`, `${kind} of ${subject.target}`)
          : undefined;
        pictures.push(browser === undefined ? picture : { ...picture, browser });
      }
      if (difference !== undefined && difference.largestChange >= leastChange) {
        const title = `What changed: ${kind} of ${subject.target}`;
        pictures.push(
          await stored(difference, `flame-graph.${whose}.${kind}.change`, title, intoPrefix, signal),
        );
      }
      return pictures;
    },
    async compare(first, second, { intoPrefix, processes }, signal) {
      const shared = drawableInBoth(first.analysis, second.analysis);
      if (shared === undefined) return undefined;
      const { kind, files } = shared;
      const subject = subjectOf(second.analysis, second.modules);
      const keys = [`${first.bundle}${files.before}`, `${second.bundle}${files.now}`] as const;
      const words = processes === undefined ? undefined : ofProcesses(processes.first, processes.second);
      const drawing = await changed(...keys, kind, subject, signal, words);
      if (drawing === undefined) return undefined;
      const whose = inFileName(second.analysis.target.service ?? "process");
      const [name, title] =
        processes === undefined
          ? ["change", `What changed: ${kind} of ${subject.target}`]
          : ["peer", `What differs: ${kind} of ${processes.second} and ${processes.first}`];
      return await stored(drawing, `flame-graph.${whose}.${kind}.${name}`, title, intoPrefix, signal);
    },
  };

  // A large profile takes much memory while it is drawn; a picture may come a moment later.
  const inTurn = oneAtATime();
  return {
    draw: (source, intoPrefix, signal) =>
      inTurn(async () => {
        signal.throwIfAborted();
        return await unbounded.draw(source, intoPrefix, signal);
      }),
    compare: (first, second, picture, signal) =>
      inTurn(async () => {
        signal.throwIfAborted();
        return await unbounded.compare(first, second, picture, signal);
      }),
  };
}

interface Weighed {
  readonly stacks: Stacks;
  readonly measure: Measure;
}

function stacksOf(capture: ParsedArtifact, kind: ProfileKind): Weighed | undefined {
  if (capture.type === "goroutines") {
    return { stacks: goroutineStacks(capture.snapshot.groups), measure: goroutineMeasure };
  }
  if (capture.type !== "profile") return undefined;
  const found = measureOf(capture.profile, kind);
  if (found === undefined) return undefined;
  return { stacks: profileStacks(capture.profile, found.sampleIndex), measure: found.measure };
}
