// Package tuning applies the runtime settings of the shop's configuration.
package tuning

import (
	"runtime"
	"runtime/debug"
)

// Settings of the Go runtime. Zero values leave things as they are.
type Settings struct {
	// GCPercent is GOGC.
	GCPercent int
	// MemoryLimit is GOMEMLIMIT in bytes.
	MemoryLimit int64
	// Procs is GOMAXPROCS.
	Procs int
}

// Apply puts settings in force and returns a function that puts the old ones back.
func Apply(s Settings) (restore func()) {
	var old Settings
	if s.GCPercent != 0 {
		old.GCPercent = debug.SetGCPercent(s.GCPercent)
	}
	if s.MemoryLimit != 0 {
		old.MemoryLimit = debug.SetMemoryLimit(s.MemoryLimit)
	}
	if s.Procs != 0 {
		old.Procs = runtime.GOMAXPROCS(s.Procs)
	}
	return func() { Apply(old) }
}

// InUse is what counts against the memory limit now, in bytes, after a collection.
func InUse() int64 {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.Sys - stats.HeapReleased)
}
