/**
 * `text` within `max` UTF-16 units: whole when it fits, else cut with a note of how much is missing. Cuts no character,
 * entity or link in half, and closes a code block that the cut leaves open.
 */
export function fitText(text: string, max: number): string {
  if (text.length <= max) return text;
  const note = ` … (${text.length - max} more characters)`;
  // What is too short for a note gets the sign alone, as labels of buttons.
  const sign = note.length * 4 > max ? "…" : note;
  let end = cleanEnd(text, Math.max(0, max - sign.length));
  const fence = "\n```";
  if (opensFence(text.slice(0, end))) {
    end = cleanEnd(text, Math.max(0, max - sign.length - fence.length));
    if (opensFence(text.slice(0, end))) return text.slice(0, end) + fence + sign;
  }
  return text.slice(0, end) + sign;
}

/** A "<" further back than this is no link's. */
const longestLink = 500;

/** The last place at or before `at` where nothing is cut in half. */
function cleanEnd(text: string, at: number): number {
  let end = at;
  const before = text.charCodeAt(end - 1);
  if (before >= 0xd800 && before <= 0xdbff) end -= 1;
  const head = text.slice(0, end);
  // `<https://…|words>`, `<@U…>`: a lone "<" in Slack's markup is always an opening one.
  const opening = head.lastIndexOf("<");
  const isOpen = opening > head.lastIndexOf(">") && text.includes(">", end);
  if (isOpen && end - opening < longestLink) return opening;
  // `&amp;`, `&lt;`, `&gt;`
  const entity = /&[a-z]{0,3}$/.exec(head);
  if (entity !== null && /^&(?:amp|lt|gt);/.test(text.slice(entity.index))) return entity.index;
  return end;
}

function opensFence(text: string): boolean {
  return text.split("```").length % 2 === 0;
}
