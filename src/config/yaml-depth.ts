import { CST } from "yaml";

/**
 * Offset of the first value that is nested deeper than `deepest`. Works on the library's token trees, which are built
 * without recursion.
 */
export function firstTooDeep(tokens: readonly CST.Token[], deepest: number): number | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [];
  let found: number | undefined;
  for (const token of tokens) {
    if (token.type === "document" && token.value !== undefined) open.push({ token: token.value, depth: 1 });
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (!CST.isCollection(token)) continue;
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
