/** Whether git fetches it, `https://…`, `ssh://…`, `file://…`, `git@host:path`; everything else is a folder. */
export function isGitAddress(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(repository);
}

/** Whether a secret may be sent there: by https, or to this machine itself. */
export function isSafeForSecrets(address: string): boolean {
  return /^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\//i.test(address);
}
