/** A sentence as it begins: "no problem" -> "No problem". */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
