package prom

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"
)

// collectorFamilies are the default Go collector without its runtime/metrics part.
func collectorFamilies() []Family {
	threads, _ := runtime.ThreadCreateProfile(nil)
	families := []Family{
		Gauge("go_goroutines", "Number of goroutines that currently exist.", float64(runtime.NumGoroutine())),
		Gauge("go_threads", "Number of OS threads created.", float64(threads)),
		Gauge("go_info", "Information about the Go environment.", 1, "version", runtime.Version()),
	}
	families = append(families, pauseFamilies()...)
	return append(families, memstatsFamilies()...)
}

// pauseFamilies summarise the last 256 collections at most. There is no 0.99 quantile among them.
func pauseFamilies() []Family {
	stats := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)}
	debug.ReadGCStats(&stats)
	pauses := Family{
		Name: "go_gc_duration_seconds", Type: "summary",
		Help: "A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.",
	}
	for i, pause := range stats.PauseQuantiles {
		quantile := strconv.FormatFloat(float64(i)/4, 'g', -1, 64)
		pauses.Samples = append(pauses.Samples, Sample{Labels: []string{"quantile", quantile}, Value: pause.Seconds()})
	}
	pauses.Samples = append(pauses.Samples,
		Sample{Suffix: "_sum", Value: stats.PauseTotal.Seconds()},
		Sample{Suffix: "_count", Value: float64(stats.NumGC)})
	last := float64(stats.LastGC.UnixNano()) / 1e9
	return []Family{
		pauses,
		Gauge("go_memstats_last_gc_time_seconds", "Number of seconds since 1970 of last garbage collection.", last),
	}
}

// memstat is a go_memstats_ family: the sum of some runtime/metrics values.
type memstat struct {
	name    string
	sources []string
	counter bool
}

const classes = "/memory/classes/"

var memstats = []memstat{
	{name: "alloc_bytes", sources: []string{classes + "heap/objects:bytes"}},
	{name: "alloc_bytes_total", sources: []string{"/gc/heap/allocs:bytes"}, counter: true},
	{name: "sys_bytes", sources: []string{classes + "total:bytes"}},
	{name: "mallocs_total", sources: []string{"/gc/heap/allocs:objects", "/gc/heap/tiny/allocs:objects"}, counter: true},
	{name: "frees_total", sources: []string{"/gc/heap/frees:objects", "/gc/heap/tiny/allocs:objects"}, counter: true},
	{name: "heap_alloc_bytes", sources: []string{classes + "heap/objects:bytes"}},
	{name: "heap_sys_bytes", sources: []string{
		classes + "heap/objects:bytes", classes + "heap/unused:bytes",
		classes + "heap/released:bytes", classes + "heap/free:bytes",
	}},
	{name: "heap_idle_bytes", sources: []string{classes + "heap/released:bytes", classes + "heap/free:bytes"}},
	{name: "heap_inuse_bytes", sources: []string{classes + "heap/objects:bytes", classes + "heap/unused:bytes"}},
	{name: "heap_released_bytes", sources: []string{classes + "heap/released:bytes"}},
	{name: "heap_objects", sources: []string{"/gc/heap/objects:objects"}},
	{name: "stack_inuse_bytes", sources: []string{classes + "heap/stacks:bytes"}},
	{name: "stack_sys_bytes", sources: []string{classes + "heap/stacks:bytes", classes + "os-stacks:bytes"}},
	{name: "mspan_inuse_bytes", sources: []string{classes + "metadata/mspan/inuse:bytes"}},
	{name: "mspan_sys_bytes", sources: []string{classes + "metadata/mspan/inuse:bytes", classes + "metadata/mspan/free:bytes"}},
	{name: "mcache_inuse_bytes", sources: []string{classes + "metadata/mcache/inuse:bytes"}},
	{name: "mcache_sys_bytes", sources: []string{
		classes + "metadata/mcache/inuse:bytes", classes + "metadata/mcache/free:bytes",
	}},
	{name: "buck_hash_sys_bytes", sources: []string{classes + "profiling/buckets:bytes"}},
	{name: "gc_sys_bytes", sources: []string{classes + "metadata/other:bytes"}},
	{name: "other_sys_bytes", sources: []string{classes + "other:bytes"}},
	{name: "next_gc_bytes", sources: []string{"/gc/heap/goal:bytes"}},
}

// memstatsFamilies read runtime/metrics, as client_golang does, and not runtime.ReadMemStats, which stops the world.
func memstatsFamilies() []Family {
	families := make([]Family, 0, len(memstats))
	for _, stat := range memstats {
		samples := make([]metrics.Sample, len(stat.sources))
		help := "Equals to "
		for i, source := range stat.sources {
			samples[i].Name = source
			if i > 0 {
				help += " + "
			}
			help += source
		}
		metrics.Read(samples)
		var sum float64
		for _, sample := range samples {
			value, _ := scalarOf(sample.Value)
			sum += value
		}
		family := Gauge("go_memstats_"+stat.name, help+".", sum)
		if stat.counter {
			family.Type = "counter"
		}
		families = append(families, family)
	}
	return families
}
