/** Who and what a workspace begins with. */
export interface WorkspaceSeed {
  readonly team: { readonly id: string; readonly name: string; readonly domain: string };
  readonly users: readonly UserSeed[];
  readonly channels: readonly ChannelSeed[];
  readonly usergroups: readonly {
    readonly id: string;
    readonly handle: string;
    readonly name: string;
    readonly users: readonly string[];
  }[];
}

export interface UserSeed {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly email: string;
  /**
   * - `guest`: of one channel.
   * - `stranger`: of another workspace, met in a shared channel.
   * - `of-two`: of another workspace of the same organisation, and of this one.
   */
  readonly kind?: "member" | "guest" | "stranger" | "of-two" | "deactivated" | "bot";
}

export interface ChannelSeed {
  readonly id: string;
  readonly name: string;
  readonly topic?: string;
  readonly members: readonly string[];
  readonly isPrivate?: boolean;
  isArchived?: boolean;
  readonly isShared?: boolean;
  /** Whether the app's bot is a member from the beginning. */
  readonly hasBot?: boolean;
}

/** A small company on call: members, a guest and a stranger; public, private, archived and shared channels. */
export const shopWorkspace: WorkspaceSeed = {
  team: { id: "T0SHOP001", name: "Shop", domain: "shop" },
  users: [
    { id: "U0MIRA0001", name: "mira", realName: "Mira Okafor", email: "mira@shop.example" },
    { id: "U0JONAS002", name: "jonas", realName: "Jonas Lind", email: "jonas@shop.example" },
    { id: "U0PRIYA003", name: "priya", realName: "Priya Raman", email: "priya@shop.example" },
    { id: "U0GUEST004", name: "gus", realName: "Gus Guest", email: "gus@agency.example", kind: "guest" },
    {
      id: "U0STRNG005",
      name: "sam",
      realName: "Sam Stranger",
      email: "sam@partner.example",
      kind: "stranger",
    },
    {
      id: "U0GONE0006",
      name: "olaf",
      realName: "Olaf Gone",
      email: "olaf@shop.example",
      kind: "deactivated",
    },
  ],
  channels: [
    {
      id: "C0INCID001",
      name: "incidents",
      topic: "Pages and captures",
      members: ["U0MIRA0001", "U0JONAS002", "U0PRIYA003", "U0GUEST004"],
      hasBot: true,
    },
    { id: "C0GENRL002", name: "general", members: ["U0MIRA0001", "U0JONAS002", "U0PRIYA003"] },
    { id: "C0SECRT003", name: "security", members: ["U0MIRA0001"], isPrivate: true },
    { id: "C0OLDIE004", name: "old-outage", members: ["U0MIRA0001"], isArchived: true, hasBot: true },
    {
      id: "C0SHARE005",
      name: "ext-partner",
      members: ["U0MIRA0001", "U0STRNG005"],
      isShared: true,
      hasBot: true,
    },
  ],
  usergroups: [{ id: "S0ONCALL01", handle: "oncall", name: "On call", users: ["U0MIRA0001", "U0JONAS002"] }],
};
