/** The line (1-based) on which a character of the text stands, by its index. */
export function lineNumbers(text: string): (index: number) => number {
  const feeds: number[] = [];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) feeds.push(at);
  return (index) => {
    let below = 0;
    let above = feeds.length;
    while (below < above) {
      const middle = (below + above) >>> 1;
      if ((feeds[middle] ?? 0) < index) below = middle + 1;
      else above = middle;
    }
    return below + 1;
  };
}
