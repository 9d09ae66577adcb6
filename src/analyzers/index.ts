import type { Analyzer } from "../domain/findings/analyzer.ts";
import { blockLongestWaits } from "./block-longest-waits/index.ts";
import { cpuDialLoop } from "./cpu-dial-loop/index.ts";
import { cpuRegexpCompile } from "./cpu-regexp-compile/index.ts";
import { cpuSerialization } from "./cpu-serialization/index.ts";
import { cpuSpin } from "./cpu-spin/index.ts";
import { dnsSlowLookup } from "./dns-slow-lookup/index.ts";
import { execWaitStuck } from "./exec-wait-stuck/index.ts";
import { gcGogcThrash } from "./gc-gogc-thrash/index.ts";
import { gcMemoryLimitThrash } from "./gc-memory-limit-thrash/index.ts";
import { gcMemoryLimitUnset } from "./gc-memory-limit-unset/index.ts";
import { gcPauseP99 } from "./gc-pause-p99/index.ts";
import { goroutineBlockedSite } from "./goroutine-blocked-site/index.ts";
import { goroutineChanReceiveLeak } from "./goroutine-chan-receive-leak/index.ts";
import { goroutineChanSendLeak } from "./goroutine-chan-send-leak/index.ts";
import { goroutineContextLeak } from "./goroutine-context-leak/index.ts";
import { goroutineCount } from "./goroutine-count/index.ts";
import { goroutineEmptySelect } from "./goroutine-empty-select/index.ts";
import { goroutineFinalizerStuck } from "./goroutine-finalizer-stuck/index.ts";
import { goroutineGrowth } from "./goroutine-growth/index.ts";
import { goroutineLockCycle } from "./goroutine-lock-cycle/index.ts";
import { goroutineLockHolder } from "./goroutine-lock-holder/index.ts";
import { goroutineMutexPileup } from "./goroutine-mutex-pileup/index.ts";
import { goroutineNilChannel } from "./goroutine-nil-channel/index.ts";
import { goroutineOnceStuck } from "./goroutine-once-stuck/index.ts";
import { goroutinePanicked } from "./goroutine-panicked/index.ts";
import { goroutinePipelineDeadlock } from "./goroutine-pipeline-deadlock/index.ts";
import { goroutineRuntimeLeak } from "./goroutine-runtime-leak/index.ts";
import { goroutineRwmutexStarvation } from "./goroutine-rwmutex-starvation/index.ts";
import { goroutineWaitgroupStuck } from "./goroutine-waitgroup-stuck/index.ts";
import { goroutineWaitsOutside } from "./goroutine-waits-outside/index.ts";
import { heapGoroutineMemory } from "./heap-goroutine-memory/index.ts";
import { heapGrowth } from "./heap-growth/index.ts";
import { heapMadePerCall } from "./heap-made-per-call/index.ts";
import { heapTimerLeak } from "./heap-timer-leak/index.ts";
import { httpBodyLeak } from "./http-body-leak/index.ts";
import { httpConnQueue } from "./http-conn-queue/index.ts";
import { httpH2StreamLimit } from "./http-h2-stream-limit/index.ts";
import { httpShutdownStuck } from "./http-shutdown-stuck/index.ts";
import { httpSlowClients } from "./http-slow-clients/index.ts";
import { httpSlowHeaders } from "./http-slow-headers/index.ts";
import { httpSlowUpstream } from "./http-slow-upstream/index.ts";
import { httpTransportLeak } from "./http-transport-leak/index.ts";
import { logLockBlocked } from "./log-lock-blocked/index.ts";
import { poolExhausted } from "./pool-exhausted/index.ts";
import { poolNestedAcquire } from "./pool-nested-acquire/index.ts";
import { processConcurrentMap } from "./process-concurrent-map/index.ts";
import { processCrash } from "./process-crash/index.ts";
import { processFdExhaustion } from "./process-fd-exhaustion/index.ts";
import { processInitStuck } from "./process-init-stuck/index.ts";
import { processLockedThreads } from "./process-locked-threads/index.ts";
import { processRestarts } from "./process-restarts/index.ts";
import { processRssOverHeap } from "./process-rss-over-heap/index.ts";
import { processThreads } from "./process-threads/index.ts";
import { schedCpuThrottling } from "./sched-cpu-throttling/index.ts";
import { schedGomaxprocsOverQuota } from "./sched-gomaxprocs-over-quota/index.ts";
import { schedLatency } from "./sched-latency/index.ts";
import { sqlPoolExhausted } from "./sql-pool-exhausted/index.ts";
import { tlsHandshakeStall } from "./tls-handshake-stall/index.ts";

/** Every rule, sorted by id. `npm run new:analyzer` adds the line; test/layout.test.ts compares it with the folders. */
export const analyzers: readonly Analyzer[] = [
  blockLongestWaits,
  cpuDialLoop,
  cpuRegexpCompile,
  cpuSerialization,
  cpuSpin,
  dnsSlowLookup,
  execWaitStuck,
  gcGogcThrash,
  gcMemoryLimitThrash,
  gcMemoryLimitUnset,
  gcPauseP99,
  goroutineBlockedSite,
  goroutineChanReceiveLeak,
  goroutineChanSendLeak,
  goroutineContextLeak,
  goroutineCount,
  goroutineEmptySelect,
  goroutineFinalizerStuck,
  goroutineGrowth,
  goroutineLockCycle,
  goroutineLockHolder,
  goroutineMutexPileup,
  goroutineNilChannel,
  goroutineOnceStuck,
  goroutinePanicked,
  goroutinePipelineDeadlock,
  goroutineRuntimeLeak,
  goroutineRwmutexStarvation,
  goroutineWaitgroupStuck,
  goroutineWaitsOutside,
  heapGoroutineMemory,
  heapGrowth,
  heapMadePerCall,
  heapTimerLeak,
  httpBodyLeak,
  httpConnQueue,
  httpH2StreamLimit,
  httpShutdownStuck,
  httpSlowClients,
  httpSlowHeaders,
  httpSlowUpstream,
  httpTransportLeak,
  logLockBlocked,
  poolExhausted,
  poolNestedAcquire,
  processConcurrentMap,
  processCrash,
  processFdExhaustion,
  processInitStuck,
  processLockedThreads,
  processRestarts,
  processRssOverHeap,
  processThreads,
  schedCpuThrottling,
  schedGomaxprocsOverQuota,
  schedLatency,
  sqlPoolExhausted,
  tlsHandshakeStall,
];
