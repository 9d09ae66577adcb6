/** Looks at bytes as they pass to the store; keeps a few of them at most. */
export interface Watch {
  see(chunk: Uint8Array): void;
}

/**
 * Counts the goroutines of a dump by their headers. `\ngoroutine ` cannot stand anywhere else: frames start with a
 * symbol or a tab, and "created by" lines with these words.
 */
export function goroutineHeaders(): Watch & { count(): number } {
  const header = "\ngoroutine ";
  const decoder = new TextDecoder("latin1");
  let carry = "\n";
  let count = 0;
  return {
    see(chunk) {
      const text = carry + decoder.decode(chunk);
      for (let at = text.indexOf(header); at !== -1; at = text.indexOf(header, at + 1)) count++;
      carry = text.slice(-(header.length - 1));
    },
    count: () => count,
  };
}

/** Finds the two lines of a scrape that steer a capture; client_golang writes both by default. */
export function processFacts(): Watch & { facts(): { goVersion?: string; goroutines?: number } } {
  const decoder = new TextDecoder("latin1");
  let carry = "\n";
  let goVersion: string | undefined;
  let goroutines: number | undefined;
  return {
    see(chunk) {
      if (goVersion !== undefined && goroutines !== undefined) return;
      const text = carry + decoder.decode(chunk);
      goVersion ??= /\ngo_info\{[^}\n]*version="([^"\n]+)"/.exec(text)?.[1];
      const count = /\ngo_goroutines ([\d.e+]+)\s/.exec(text)?.[1];
      if (goroutines === undefined && count !== undefined) goroutines = Number(count);
      const lastLine = text.lastIndexOf("\n");
      // A line longer than this is none of the two.
      carry = text.length - lastLine < 4_096 ? text.slice(lastLine) : "";
    },
    facts: () => ({
      ...(goVersion === undefined ? {} : { goVersion }),
      ...(goroutines === undefined ? {} : { goroutines }),
    }),
  };
}
