/** Whether git fetches it, `https://…`, `ssh://…`, `file://…`, `git@host:path`; everything else is a folder. */
export function isGitAddress(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(repository);
}
