/** A space between a number and its unit, which belong on one line; not that of a stack's own text. */
const beforeUnit = /(?<=\d) (?=(?:ns|µs|ms|s|min|h|B|KiB|MiB|GiB|TiB|%)(?![\w(]))/g;
const boundSpace = "\u00a0";

/**
 * Breaks `text` into lines of at most `width` characters at spaces; a longer word is cut after a slash or dot where
 * it has one, because symbols and paths are what is long here. An address is never cut: in halves it cannot be opened.
 * A number and its unit stay together.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.replace(beforeUnit, boundSpace).split(" ");
  for (const word of words.filter((part) => part !== "")) {
    for (const piece of pieces(word.replaceAll(boundSpace, " "), width)) {
      if (line === "") line = piece;
      else if (line.length + 1 + piece.length <= width) line += ` ${piece}`;
      else {
        lines.push(line);
        line = piece;
      }
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (/^https?:\/\//.test(word)) return [word];
  const parts: string[] = [];
  let rest = word;
  while (rest.length > width) {
    const head = rest.slice(0, width);
    const at = Math.max(head.lastIndexOf("/"), head.lastIndexOf("."), head.lastIndexOf(","));
    const cut = at > width / 2 ? at + 1 : width;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  parts.push(rest);
  return parts;
}

/** `text` wrapped from the column `indent` on; what follows its first line stands two columns further in. */
export function hanging(text: string, indent: number, width: number): string[] {
  const margin = " ".repeat(indent);
  return wrap(text, width - indent - 2).map((line, index) =>
    index === 0 ? `${margin}${line}` : `${margin}  ${line}`,
  );
}

/** `label   text…` with the text wrapped and hanging under itself. */
export function labelled(
  label: string,
  text: string,
  indent: number,
  labelWidth: number,
  width: number,
): string[] {
  const margin = " ".repeat(indent);
  const column = indent + labelWidth;
  return wrap(text, width - column).map((line, index) =>
    index === 0 ? `${margin}${label.padEnd(labelWidth)}${line}` : `${" ".repeat(column)}${line}`,
  );
}
