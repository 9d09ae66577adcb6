/** What gofire writes beyond ASCII, in ASCII. */
const spellings: Readonly<Record<string, string>> = {
  "·": "-",
  "…": "...",
  "→": "->",
  "←": "<-",
  "×": "x",
  "±": "+-",
  µ: "u",
};

/** The text for a terminal whose character set has no more than ASCII; names from outside stay as they are. */
export function asciiText(text: string): string {
  return text.replace(/[·…→←×±µ]/g, (sign) => spellings[sign] ?? sign);
}
