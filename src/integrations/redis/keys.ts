/** All keys lie in one slot of a Redis Cluster, because scripts and flows touch several of them. */
export const keyPrefix = "{gofire}";

export function key(...parts: readonly string[]): string {
  return [keyPrefix, ...parts].join(":");
}
