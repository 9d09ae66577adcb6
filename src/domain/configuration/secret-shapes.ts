/**
 * Whether text looks like a secret that somebody pasted: an Authorization value, a PEM key, a JSON Web Token, a
 * password in a URL, or a token of a known issuer (GitHub, GitLab, Slack, AWS, HashiCorp Vault, OpenAI-style).
 */
export function looksLikeSecret(text: string): boolean {
  return secretShapes.some((shape) => shape.test(text));
}

const secretShapes: readonly RegExp[] = [
  /^(?:bearer|basic)\s+\S/i,
  /-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)-----/,
  /^eyJ[\w-]{10,}\.[\w-]+\.[\w-]*$/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]*@/i,
  /^(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|AKIA[0-9A-Z]{12}|hvs\.|sk-)[\w-]{8,}/,
  /[?&](?:token|access_token|api_?key|password|secret)=[^&\s]/i,
];

/** Whether a header of this name usually carries a secret. */
export function isSecretHeader(name: string): boolean {
  return /(?:^|[-_])(?:authorization|auth|cookie|token|secret|password|api-?key|key)(?:$|[-_])/i.test(name);
}

/** Whether a setting of this name would hold a secret itself. */
export function isSecretSetting(name: string): boolean {
  return /^(?:(?:bot|app)?token|password|passphrase|(?:signing)?secret|apikey|key|cert|ca)$/i.test(name);
}
