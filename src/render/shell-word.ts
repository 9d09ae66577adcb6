/** As POSIX shells take it for one word (pubs.opengroup.org/onlinepubs/9799919799, Shell Command Language, 2.2.2). */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
