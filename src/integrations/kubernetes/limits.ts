/**
 * Pods of one answer: kubectl and client-go ask for 500 (k8s.io/client-go/tools/pager, defaultPageSize); a pod of some
 * 10 kB makes that 5 MB.
 */
export const pageSize = 500;

/** One answer. Pods have up to 1.5 MB in etcd, and usually a hundredth of that. */
export const pageLimits = { deadlineMs: 10_000, maxBytes: 32 << 20 };

/** How often a list is begun anew whose next page is gone: it is kept for five minutes (etcd's compaction). */
export const mostBeginnings = 2;

/** For a credential plugin: those of the large clouds ask their servers and take a second or two. */
export const credentialsMs = 10_000;
