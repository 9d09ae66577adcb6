import { Composer, type Document, LineCounter, Parser } from "yaml";
import { firstTooDeep } from "../domain/configuration/yaml-depth.ts";
import type { ConfigMistake } from "./mistake.ts";
import { type ConfigPath, findNode, firstAlias, strayNodes, textsOf } from "./yaml-nodes.ts";

const largestBytes = 256 << 10;
/** A hand-written configuration is about ten levels deep. */
const deepest = 100;
/** How many values aliases may stand for, all together. */
const mostAliased = 1000;

interface Place {
  readonly line: number;
  readonly column: number;
}

/** YAML that was read, and where in the file everything stands. */
export interface YamlText {
  /** Plain values; undefined when there is nothing but comments. */
  readonly value: unknown;
  /** Where a setting's value is written, also when an alias stands for it; the nearest section when it is missing. */
  valueAt(path: ConfigPath): Place;
  /** Where a setting's name is written; for an item of a list, the item. */
  nameAt(path: ConfigPath): Place;
  /** Every text in the file, names of settings left out. */
  readonly texts: readonly ({ readonly text: string } & Place)[];
}

/**
 * Reads YAML 1.2. Size, nesting and what aliases expand to are bounded before values are built, because the library
 * composes recursively and would otherwise run out of stack or memory.
 */
export function readYaml(
  source: string,
): { readonly yaml: YamlText } | { readonly mistakes: readonly ConfigMistake[] } {
  if (Buffer.byteLength(source) > largestBytes) {
    return {
      mistakes: [{ line: 1, column: 1, message: `the file is larger than ${largestBytes >> 10} KiB` }],
    };
  }
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(source)];
  const tooDeep = firstTooDeep(tokens, deepest);
  if (tooDeep !== undefined) {
    return { mistakes: [{ ...place(tooDeep), message: `is nested deeper than ${deepest} levels` }] };
  }

  const [document, ...others] = new Composer({ prettyErrors: false, resolveKnownTags: false }).compose(
    tokens,
    true,
    source.length,
  );
  if (document === undefined)
    throw new Error("the YAML library composed no document although it was told to");
  const mistakes = [...nodeMistakes(document), ...others.map(secondDocument)].map(({ offset, message }) => ({
    ...place(offset),
    message,
  }));
  if (mistakes.length > 0) return { mistakes: oneForEachLine(mistakes) };

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliased });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = `aliases stand for more than ${mostAliased} values in all`;
    return { mistakes: [{ ...place(firstAlias(document)), message }] };
  }
  return {
    yaml: {
      value: value ?? undefined,
      valueAt: (path) => place(findNode(document, path).value),
      nameAt: (path) => place(findNode(document, path).name),
      texts: textsOf(document).map(({ text, offset }) => ({ text, ...place(offset) })),
    },
  };
}

function nodeMistakes(document: Document.Parsed): { offset: number; message: string }[] {
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    offset: pos[0],
    message: syntaxText(code, message),
  }));
  return [...syntax, ...strayNodes(document)];
}

function secondDocument(document: Document.Parsed): { offset: number; message: string } {
  return {
    offset: document.range[0],
    message: 'a second YAML document begins here ("---"); only one is read',
  };
}

/** The library's code in words of ours where that is clearer. */
function syntaxText(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "is here for the second time in this section";
    case "TAB_AS_INDENT":
      return "a tab cannot indent in YAML: use spaces";
    default:
      // Behind the colon the library repeats what stands there, which may be a secret.
      return `is not YAML: ${message.replace(/(?<! ): .*$/s, "")}`;
  }
}

/** What follows the first problem of a line is usually caused by it. */
function oneForEachLine(mistakes: readonly ConfigMistake[]): ConfigMistake[] {
  const seen = new Set<number>();
  return mistakes.filter(({ line }) => {
    const isFirst = !seen.has(line);
    seen.add(line);
    return isFirst;
  });
}
