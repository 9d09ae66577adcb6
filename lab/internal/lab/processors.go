package lab

import (
	"shop/catalog"
	"shop/dispatch"
	"shop/forecast"
	"shop/handlers"
	"shop/internal/world"
	"shop/pricing"
	"shop/tuning"
)

var processorModes = []Mode{
	{
		Name: "regexp-per-call", Kind: Sick,
		Title:       "Regular expressions compiled on every call",
		Description: "Each line of the search log compiles its two expressions anew.",
		Culprits:    []string{"shop/search.Parse", "shop/handlers.(*Engine).SearchLog"},
		SeenIn:      InCPU,
		Rules:       []string{"cpu/regexp-compile"}, SettleSeconds: 2,
		Scale: 2, ScaleUnit: "customers",
		start: func(s *Site) error {
			s.handle("POST", "/search/log", (&handlers.Engine{}).SearchLog)
			return s.visit(world.Load{Method: "POST", Path: "/search/log", AtOnce: s.Scale, Repeat: true, PauseMs: 5})
		},
	},
	{
		Name: "spin", Kind: Sick,
		Title:       "A select with an empty default",
		Description: "The dispatch loop asks for parcels without a pause and keeps one core busy with nothing.",
		Culprits:    []string{"shop/dispatch.(*Loop).Run"},
		SeenIn:      InCPU,
		Rules:       []string{"cpu/spin"}, SettleSeconds: 1,
		Scale: 1, ScaleUnit: "goroutine",
		start: func(s *Site) error {
			loop := dispatch.NewLoop()
			go loop.Run()
			s.onStop(loop.Stop)
			return nil
		},
	},
	{
		Name: "json-cpu", Kind: Sick,
		Title:       "Serialization eats the processor",
		Description: "The whole catalog is rendered to JSON from maps of interfaces on every request.",
		Culprits:    []string{"shop/catalog.(*Exporter).Render", "shop/handlers.(*Engine).Export"},
		SeenIn:      InCPU,
		Rules:       []string{"cpu/serialization"}, SettleSeconds: 2,
		Scale: 2, ScaleUnit: "customers",
		start: func(s *Site) error {
			s.handle("GET", "/export", (&handlers.Engine{Exporter: catalog.NewExporter(catalog.New(2000))}).Export)
			return s.visit(world.Load{Method: "GET", Path: "/export", AtOnce: s.Scale, Repeat: true, PauseMs: 5})
		},
	},
	{
		Name: "gomaxprocs-over-quota", Kind: Sick,
		Title: "GOMAXPROCS over the CPU quota",
		Description: "GOMAXPROCS=16 where the container may use two CPUs: bursts on sixteen threads use the quota up early in each " +
			"period. The bursts are real; the container's figures in /metrics are played by the lab.",
		Culprits: []string{"shop/pricing.(*Repricer).model", "shop/pricing.(*Repricer).Reprice.func1", "shop/pricing.(*Repricer).Reprice"},
		SeenIn:   InCPU,
		Rules:    []string{"sched/gomaxprocs-over-quota", "sched/cpu-throttling", "sched/latency"}, SettleSeconds: 2,
		Scale: 16, ScaleUnit: "processors",
		start: func(s *Site) error {
			s.onStop(tuning.Apply(tuning.Settings{Procs: s.Scale}))
			s.onStop(s.shop.debug.metrics.Play("container", newContainer(2, 512*mib).cpuFamilies))
			s.handle("POST", "/reprice", (&handlers.Engine{Repricer: &pricing.Repricer{Rounds: 60_000}}).Reprice)
			return s.visit(world.Load{Method: "POST", Path: "/reprice", AtOnce: 1, Repeat: true, PauseMs: 60})
		},
	},
	{
		Name: "cpu-starved", Kind: Sick,
		Title:       "More work than processors",
		Description: "Eight goroutines train a model on GOMAXPROCS=1: every other goroutine waits tens of milliseconds for its turn.",
		Culprits:    []string{"shop/forecast.(*Model).train"},
		SeenIn:      InCPU,
		Rules:       []string{"sched/latency", "cpu/spin"}, SettleSeconds: 3,
		Scale: 8,
		start: func(s *Site) error {
			s.onStop(tuning.Apply(tuning.Settings{Procs: 1}))
			model := &forecast.Model{}
			model.Start(s.Scale)
			s.onStop(model.Stop)
			return nil
		},
	},
}
