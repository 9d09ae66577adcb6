interface NeededScope {
  readonly scope: string;
  /** What does not work without it. */
  readonly lost: string;
  /** Without it gofire is of no use. */
  readonly isEssential?: true;
}

/** Why slack-manifest.yaml asks for what it asks (https://docs.slack.dev/reference/scopes). */
export const neededScopes: readonly NeededScope[] = [
  { scope: "commands", lost: "`/gofire` is not there", isEssential: true },
  { scope: "chat:write", lost: "gofire cannot post its cards", isEssential: true },
  {
    scope: "files:write",
    lost: "flame graphs, findings and evidence do not reach the thread",
    isEssential: true,
  },
  { scope: "files:read", lost: "gofire cannot see whether a file reached its thread", isEssential: true },
  {
    scope: "channels:history",
    lost: "gofire cannot see whether a message got through, nor pages in public channels",
    isEssential: true,
  },
  {
    scope: "users:read",
    lost: "gofire cannot tell members from guests, so it refuses everybody",
    isEssential: true,
  },
  { scope: "app_mentions:read", lost: "gofire does not hear when somebody mentions it" },
  {
    scope: "groups:history",
    lost: "private channels cannot be used safely: a lost answer cannot be looked up",
  },
  {
    scope: "channels:read",
    lost: "gofire cannot tell public channels from private ones, so findings are shown only in the channel of their card",
  },
  {
    scope: "groups:read",
    lost: "gofire cannot see who is in a private channel, so findings of those are shown only there",
  },
  { scope: "channels:join", lost: "gofire has to be invited to public channels, too" },
  { scope: "reactions:write", lost: "pages get no 👀 while their capture runs" },
  { scope: "usergroups:read", lost: "nobody has rights through a user group" },
];

/** Those without which no card can be posted or kept up to date. */
export const essentialScopes: ReadonlySet<string> = new Set(
  neededScopes.filter(({ isEssential }) => isEssential === true).map(({ scope }) => scope),
);
