/** What is used of the tokens that the library `yaml` makes of a text (its CST). */
interface YamlToken {
  readonly type: string;
  readonly offset: number;
  /** Of a document. */
  readonly value?: YamlToken;
  /** Of a collection. */
  readonly items?: readonly { readonly key?: YamlToken | null; readonly value?: YamlToken }[];
}

/**
 * Offset of the first value that is nested deeper than `deepest`. The library composes values recursively; its token trees
 * are built without recursion, and so are they looked through here.
 */
export function firstTooDeep(tokens: readonly YamlToken[], deepest: number): number | undefined {
  const open: { readonly token: YamlToken; readonly depth: number }[] = [];
  let found: number | undefined;
  for (const token of tokens) {
    if (token.type === "document" && token.value !== undefined) open.push({ token: token.value, depth: 1 });
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (token.items === undefined) continue;
    if (depth > deepest) {
      found = Math.min(found ?? token.offset, token.offset);
      continue;
    }
    for (const { key, value } of token.items) {
      if (key !== undefined && key !== null) open.push({ token: key, depth: depth + 1 });
      if (value !== undefined) open.push({ token: value, depth: depth + 1 });
    }
  }
  return found;
}
