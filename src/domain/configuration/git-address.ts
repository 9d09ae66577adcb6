/** Whether git fetches it, `https://…`, `ssh://…`, `file://…`, `git@host:path`; everything else is a folder. */
export function isGitAddress(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(repository);
}

/** As it may be shown: without user and password. */
export function publicAddress(repository: string): string {
  return repository.replace(/\/\/[^/@]*@/, "//");
}

/** Whether two addresses are one place, however each is reached: `https://…/shop/config` and `git@…:shop/config.git`. */
export function isOnePlace(one: string, other: string): boolean {
  return placeOf(one) === placeOf(other);
}

/** `git.example.com/shop/config` */
function placeOf(address: string): string {
  return address
    .replace(/^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\//i, "$1/")
    .replace(/^[^/@]*@([^/:]+):/, "$1/")
    .replace(/\/$/, "")
    .replace(/\.git$/, "")
    .toLowerCase();
}

/** Whether a secret may be sent there: by https, or to this machine itself. */
export function isSafeForSecrets(address: string): boolean {
  return /^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\//i.test(address);
}
