/** Watches JSON go by and tells when it is not worth building objects from. */
export class JsonNesting {
  readonly #maxDepth: number;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun = false;
  /** 1-based line that was reached. */
  line = 1;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** Stops at the first character that is not the start of an object, or that goes too deep. */
  follow(chunk: Uint8Array): "not an object" | "too deep" | undefined {
    for (const byte of chunk) {
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
        else if (byte === lineFeed) this.line++;
        continue;
      }
      if (byte === lineFeed) this.line++;
      if (byte === lineFeed || byte === 0x20 || byte === 0x09 || byte === 0x0d) continue;
      if (!this.#begun && byte !== openBrace) return "not an object";
      this.#begun = true;
      if (byte === quote) this.#inString = true;
      else if (byte === openBrace || byte === openBracket) this.#depth++;
      else if (byte === closeBrace || byte === closeBracket) this.#depth--;
      if (this.#depth > this.#maxDepth) return "too deep";
    }
    return undefined;
  }
}

const lineFeed = 0x0a;
const quote = 0x22;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
