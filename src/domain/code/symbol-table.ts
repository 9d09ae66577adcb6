/**
 * Tells functions by their names: the value of the site that matches, of several that of the match furthest to the left.
 * V8 compiles an expression when it is first asked and again when it is asked more often, and of a table's sites few match
 * in one capture: here they are one expression, whose groups tell which of them it was.
 *
 * @param sites expressions without flags or capturing groups
 * @throws Error at the first name that matches, when a site captures
 */
export function symbolTable<T>(
  sites: readonly (readonly [value: T, site: RegExp])[],
): (symbol: string) => T | undefined {
  let all: RegExp | undefined;
  return (symbol) => {
    all ??= new RegExp(sites.map(([, { source }]) => `(${source})`).join("|"));
    const found = all.exec(symbol);
    if (found === null) return undefined;
    if (found.length !== sites.length + 1) throw new Error(`A site captures: ${all.source}`);
    return sites[found.findIndex((text, group) => group > 0 && text !== undefined) - 1]?.[0];
  };
}
