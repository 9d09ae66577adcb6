/** A question of a local repository takes milliseconds; one of a large repository on a slow disk some seconds. */
export const questionMs = 5_000;
/** Merging two large trees takes longer than reading them. */
export const proposalMs = 30_000;
/** A copy of a large repository takes its time; nobody waits for the whole of it. */
export const fetchMs = 120_000;
/** A rollback is a few files; a server's hooks take their time. */
export const pushMs = 60_000;
/** A question waits so long for what is being fetched, and goes on with what is there then. */
export const fetchPatienceMs = 5_000;
/** So rarely is a remote asked for what is new. */
export const fetchEveryMs = 30_000;

/** Merges of a branch that are looked through for the window's. */
export const mostCommits = 2_000;
export const mostTags = 2_000;
export const mostRevisions = 20;
export const mostFiles = 100;
/** Of one file: what a ConfigMap may hold (kubernetes.io/docs/concepts/configuration/configmap). */
export const largestFile = 1 << 20;
/** Of everything that one command of git prints. */
export const mostOutput = 32 << 20;

/** Commits of a proposal whose authors are looked at; one that has more is refused. */
export const mostProposedCommits = 1_000;
export const mostAddresses = 100;
/** Of files that are read at once, and of all those of an environment together. */
export const largestPortion = 24 << 20;
