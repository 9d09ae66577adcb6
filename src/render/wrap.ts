/**
 * Breaks `text` into lines of at most `width` characters at spaces; a longer word is cut after a slash or dot where
 * it has one, because symbols and paths are what is long here. An address is never cut: in halves it cannot be opened.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    for (const piece of pieces(word, width)) {
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
