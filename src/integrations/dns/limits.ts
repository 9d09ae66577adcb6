/**
 * One question's patience; c-ares doubles it with each try and asks every name server
 * (https://c-ares.org/docs/ares_init_options.html).
 */
export const questionTimeoutMs = 1_000;
export const questionTries = 2;

/** Names of an SRV answer that are looked up at the same time: name servers drop bursts. */
export const lookupsAtOnce = 16;
