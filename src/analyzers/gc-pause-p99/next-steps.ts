/** How to find out why the world stood still. */
export const nextSteps: readonly string[] = [
  "Check the container's CPU throttling: rate(container_cpu_cfs_throttled_periods_total) over rate(container_cpu_cfs_periods_total).",
  "Tell the two parts of a pause apart (Go 1.22+): /sched/pauses/stopping/gc:seconds is waiting for goroutines to stop, /sched/pauses/total/gc:seconds is all of it.",
  "One second of execution trace shows the stops: curl -o trace.out 'http://HOST/debug/pprof/trace?seconds=1' && go tool trace trace.out",
];
