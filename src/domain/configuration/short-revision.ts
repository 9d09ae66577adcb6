/** As many as people compare one by one. */
const shownCharacters = 10;

/** A revision's hash as it is told: "f06fcd7cc6". */
export function shortRevision(revision: string): string {
  return revision.slice(0, shownCharacters);
}
