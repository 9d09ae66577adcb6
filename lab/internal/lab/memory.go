package lab

import (
	"bytes"
	"os"
	"path/filepath"

	"shop/audit"
	"shop/backups"
	"shop/handlers"
	"shop/internal/world"
	"shop/previews"
	"shop/recommend"
	"shop/thumbnails"
	"shop/tuning"
)

const mib = 1 << 20

var memoryModes = []Mode{
	{
		Name: "heap-growth", Kind: Sick,
		Title:       "A heap that grows at one site",
		Description: "The audit trail keeps a copy of every request, 64 KiB each and about 2.5 MiB a second, up to 160 MiB.",
		Culprits:    []string{"shop/audit.(*Trail).Record", "shop/handlers.(*Engine).Audit"},
		SeenIn:      InHeap,
		Rules:       []string{"heap/growth"}, SettleSeconds: 5,
		Scale: 160, ScaleUnit: "MiB", NeedsRestart: true,
		start: func(s *Site) error {
			const recordsPerMiB = 16
			s.handle("POST", "/audit", (&handlers.Engine{Trail: &audit.Trail{}}).Audit)
			if err := s.browse(40); err != nil {
				return err
			}
			total := s.Scale * recordsPerMiB
			return s.visit(world.Load{Method: "POST", Path: "/audit", AtOnce: least(320, total), PerSecond: 40, Total: total})
		},
	},
	{
		Name: "gogc-thrash", Kind: Sick,
		Title:       "GOGC far too small",
		Description: "GOGC=5 with 30 MiB of live, pointer-rich data: every megabyte or two allocated costs a whole collection.",
		Culprits:    []string{"shop/recommend.(*Engine).Suggest", "shop/handlers.(*Engine).Suggest"},
		SeenIn:      InAllocs,
		Rules:       []string{"gc/gogc-thrash"}, SettleSeconds: 3,
		Scale: 4, ScaleUnit: "customers",
		start: func(s *Site) error {
			s.handle("GET", "/suggest", (&handlers.Engine{Recommend: recommend.NewEngine(600_000)}).Suggest)
			s.onStop(tuning.Apply(tuning.Settings{GCPercent: 5}))
			return s.visit(world.Load{Method: "GET", Path: "/suggest", AtOnce: s.Scale, Repeat: true, PauseMs: 100})
		},
	},
	{
		Name: "memlimit-thrash", Kind: Sick,
		Title:       "A memory limit at the live heap",
		Description: "GOMEMLIMIT stands 4 MiB above what is in use: the collector runs all the time to stay below it.",
		Culprits:    []string{"shop/previews.paint", "shop/previews.(*Renderer).Render", "shop/previews.NewRenderer"},
		SeenIn:      InAllocs,
		Rules:       []string{"gc/memory-limit-thrash"}, SettleSeconds: 3,
		Scale: 4, ScaleUnit: "customers",
		start: func(s *Site) error {
			const popular = 64 * mib / (32 << 10)
			engine := &handlers.Engine{Previews: previews.NewRenderer(popular), Recommend: recommend.NewEngine(400_000)}
			s.handle("GET", "/previews", engine.Preview)
			s.handle("GET", "/suggest", engine.Suggest)
			s.onStop(tuning.Apply(tuning.Settings{MemoryLimit: tuning.InUse() + 4*mib}))
			return s.visit(world.Load{Method: "GET", Path: "/previews", AtOnce: s.Scale, Repeat: true, PauseMs: 60})
		},
	},
	{
		Name: "gc-pauses", Kind: Sick,
		Title: "Collections that wait for a long assembly loop",
		Description: "A backup of 48 MiB is hashed in one call, whose assembly loop cannot be preempted: a collection that begins " +
			"meanwhile stops everybody else until the hash is done.",
		Culprits: []string{"shop/backups.(*Copy).Checksum", "shop/handlers.(*Engine).Verify"},
		SeenIn:   InCPU,
		Rules:    []string{"gc/pause-p99", "sched/latency"}, SettleSeconds: 8,
		Scale: 48, ScaleUnit: "MiB", start: startGCPauses,
	},
	{
		Name: "memory-limit-unset", Kind: Sick,
		Title: "A container limit that Go does not know of",
		Description: "110 MiB are live and GOGC=100 lets the heap double, the container may have 192 MiB, and GOMEMLIMIT is not set. " +
			"The heap is real; the container's figures in /metrics are played by the lab, and nobody is killed.",
		Culprits: nil,
		Rules:    []string{"gc/memory-limit-unset"}, SettleSeconds: 4,
		Scale: 110, ScaleUnit: "MiB",
		start: func(s *Site) error {
			const previewsPerMiB = 32
			engine := &handlers.Engine{Previews: previews.NewRenderer(s.Scale * previewsPerMiB)}
			settleHeap()
			s.onStop(s.shop.debug.metrics.Play("container", newContainer(2, 192*mib).memoryFamilies))
			s.handle("GET", "/previews/popular", engine.Popular)
			return s.visit(world.Load{Method: "GET", Path: "/previews/popular", AtOnce: 10, Repeat: true, PauseMs: 100})
		},
	},
	{
		Name: "rss-over-heap", Kind: Sick,
		Title:       "Memory that Go does not know of",
		Description: "160 MiB of pixels are mapped outside the Go heap, so that the process is far larger than anything a heap profile shows.",
		Culprits:    nil,
		Rules:       []string{"process/rss-over-heap"}, SettleSeconds: 2,
		Scale: 160, ScaleUnit: "MiB",
		start: func(s *Site) error {
			arena, err := thumbnails.NewArena(s.Scale * mib)
			if err != nil {
				return err
			}
			s.onStop(func() { _ = arena.Close() })
			return nil
		},
	},
}

func startGCPauses(s *Site) error {
	dir, err := s.tempDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "backup")
	if err := os.WriteFile(path, bytes.Repeat([]byte("order;"), s.Scale*mib/6), 0o600); err != nil {
		return err
	}
	backup, err := backups.Open(path) // stays mapped: a request may still be reading it after the mode was stopped
	if err != nil {
		return err
	}
	settleHeap()
	s.handle("GET", "/backup/verify", (&handlers.Engine{Backup: backup}).Verify)
	if err := s.browse(40); err != nil {
		return err
	}
	return s.visit(world.Load{Method: "GET", Path: "/backup/verify", AtOnce: 1, Repeat: true, PauseMs: 80})
}
