/** A text that stands for itself in a regular expression, of JavaScript's or of RE2's (github.com/google/re2/wiki/Syntax). */
export function literalPattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
