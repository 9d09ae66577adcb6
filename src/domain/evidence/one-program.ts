import type { Frame } from "../code/frame.ts";
import type { ParsedArtifact } from "./artifact.ts";
import type { ReadCapture } from "./read-capture.ts";

/** What a capture tells about the program it was taken of. */
interface Program {
  /** File name of the binary, without folders. */
  readonly binary?: string;
  /** Link-time identity of one build; Go writes a GNU build id into ELF binaries since 1.24. */
  readonly buildId?: string;
  /** Source file of `main.main`. */
  readonly mainFile?: string;
}

/** Captures that belong together, and a sentence about each that does not. */
export interface OneProgram {
  readonly captures: readonly ReadCapture[];
  readonly notes: readonly string[];
}

/**
 * Keeps what can be of the program of the last capture that names one. Two programs, or two builds of one, have no
 * growth and no common lock between them: to compare them would be a claim about neither.
 */
export function ofOneProgram(captures: readonly ReadCapture[]): OneProgram {
  const programs = captures.map(({ artifact }) => programOf(artifact));
  const reference = programs.findLast((program) => program !== undefined);
  const notes: string[] = [];
  const kept = captures.filter(({ file }, index) => {
    const program = programs[index];
    const difference =
      program === undefined || reference === undefined ? undefined : differenceOf(program, reference);
    if (difference !== undefined)
      notes.push(`${file}: left out, ${difference}; captures of two programs do not compare`);
    return difference === undefined;
  });
  return { captures: kept, notes };
}

/** Why the two cannot be one build of one program; undefined when nothing says so. */
function differenceOf(program: Program, last: Program): string | undefined {
  if (isDifferent(program.mainFile, last.mainFile)) {
    return `its main function is in ${program.mainFile}, that of the last capture in ${last.mainFile}`;
  }
  if (isDifferent(program.buildId, last.buildId)) {
    return isDifferent(program.binary, last.binary)
      ? `it is of the program ${program.binary}, the last capture is of ${last.binary}`
      : `it is of another build of ${program.binary ?? "the program"} than the last capture`;
  }
  if (program.buildId !== undefined && last.buildId !== undefined) return undefined;
  return isDifferent(program.binary, last.binary)
    ? `it is of the program ${program.binary}, the last capture is of ${last.binary}`
    : undefined;
}

function isDifferent(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

function programOf(artifact: ParsedArtifact): Program | undefined {
  if (artifact.type === "profile") {
    return programFrom(artifact.profile.binary, artifact.profile.frames);
  }
  if (artifact.type !== "goroutines") return undefined;
  const { binary, groups } = artifact.snapshot;
  return programFrom(binary, mainStack(groups));
}

function programFrom(
  binary: { readonly file: string; readonly buildId: string } | undefined,
  frames: readonly Frame[],
): Program | undefined {
  // Replaced on disk while it runs, a binary's name gets this suffix (proc(5), /proc/pid/maps).
  const name = binary?.file.replace(/ \(deleted\)$/, "").replace(/^.*[/\\]/, "");
  const mainFile = frames.find(({ function: symbol }) => symbol === "main.main")?.file;
  const program: Program = {
    ...(name === undefined || name === "" ? {} : { binary: name }),
    ...(binary === undefined || binary.buildId === "" ? {} : { buildId: binary.buildId }),
    ...(mainFile === undefined || mainFile === "" || mainFile === "_testmain.go" ? {} : { mainFile }),
  };
  return Object.keys(program).length === 0 ? undefined : program;
}

function mainStack(groups: readonly { readonly stack: readonly Frame[] }[]): readonly Frame[] {
  return groups.find(({ stack }) => stack.some((frame) => frame.function === "main.main"))?.stack ?? [];
}
