package lab

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"shop/clients/payments"
	"shop/exports"
	"shop/handlers"
	"shop/internal/world"
	"shop/live"
	"shop/previews"
	"shop/printing"
	"shop/schedule"
	"shop/telemetry"
	"shop/workers"
)

// settleHeap collects twice, after which a heap profile shows everything that was allocated before.
func settleHeap() {
	runtime.GC()
	runtime.GC()
}

// busyModes have a lot going on and are well.
var busyModes = []Mode{
	{
		Name: "long-reads", Kind: Healthy,
		Title:       "WebSocket-like connections",
		Description: "200 browsers hold an upgraded connection and say something every few seconds; each costs a reader and a writer.",
		Lures:       []string{"shop/live.(*Session).readLoop", "shop/live.(*Session).writeLoop"},
		Scale:       200, ScaleUnit: "connections", SettleSeconds: 3,
		start: func(s *Site) error {
			s.handle("GET", "/live", (&handlers.Live{}).Socket)
			return s.visit(world.Load{Kind: "talker", Method: "GET", Path: "/live", AtOnce: s.Scale, PauseMs: 4000})
		},
	},
	{
		Name: "long-poll", Kind: Healthy,
		Title:       "Long polls",
		Description: "200 browsers wait for news with a patience of 20 seconds, and ask again; news come twice a second.",
		Lures:       []string{"shop/live.(*Inbox).Poll"},
		Scale:       200, ScaleUnit: "customers", SettleSeconds: 3,
		start: func(s *Site) error {
			inbox := &live.Inbox{Patience: 20 * time.Second, News: make(chan string, 8)}
			s.handle("GET", "/news", (&handlers.Live{Inbox: inbox}).Poll)
			job := schedule.Start(500*time.Millisecond, func() {
				select {
				case inbox.News <- "sale":
				default:
				}
			})
			s.onStop(job.Stop)
			return s.visit(world.Load{Method: "GET", Path: "/news", AtOnce: s.Scale, Repeat: true})
		},
	},
	{
		Name: "streaming", Kind: Healthy,
		Title:       "Streaming responses",
		Description: "100 clients listen to server-sent events, and 12 download the product feed slowly but steadily.",
		Lures:       []string{"shop/live.Stream", "shop/exports.(*Feed).Write"},
		Scale:       100, ScaleUnit: "connections", SettleSeconds: 3,
		start: func(s *Site) error {
			s.handle("GET", "/events", (&handlers.Live{}).Events)
			s.handle("GET", "/feed.csv", (&handlers.Delivery{Feed: &exports.Feed{Products: 500_000}}).Download)
			slow := world.Load{Kind: "slow-reader", Method: "GET", Path: "/feed.csv", AtOnce: 12, Repeat: true}
			if err := s.visit(slow); err != nil {
				return err
			}
			return s.visit(world.Load{Method: "GET", Path: "/events", AtOnce: s.Scale, Repeat: true})
		},
	},
	{
		Name: "busy-pool", Kind: Healthy,
		Title:       "A full but moving crew",
		Description: "64 workers are all busy with jobs of 20 ms and 32 producers wait for room in the queue; 3,200 jobs a second go through.",
		Lures:       []string{"shop/workers.(*Pool).Submit", "shop/printing.Label"},
		Scale:       64, SettleSeconds: 2,
		start: func(s *Site) error {
			pool := workers.NewPool(s.Scale, s.Scale)
			stop := make(chan struct{})
			var producers sync.WaitGroup
			for i := 0; i < s.Scale/2; i++ {
				producers.Add(1)
				go func() {
					defer producers.Done()
					pool.Feed(printing.Label, stop)
				}()
			}
			s.onStop(func() {
				close(stop)
				producers.Wait()
				pool.Close()
			})
			return nil
		},
	},
	{
		Name: "shared-transport", Kind: Healthy,
		Title:       "One shared transport with traffic",
		Description: "100 customers pay over one transport; the provider answers within 60 ms, and its connections are used again.",
		Lures:       []string{"shop/clients/payments.(*Client).Authorize"},
		Scale:       100, ScaleUnit: "customers", SettleSeconds: 3,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: 60})
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/pay", (&handlers.Live{Payments: payments.NewClient(addr)}).Pay)
			return s.visit(world.Load{Method: "POST", Path: "/checkout/pay", AtOnce: s.Scale, Repeat: true, PauseMs: 200})
		},
	},
	{
		Name: "batch-exporter", Kind: Healthy,
		Title:       "A batching exporter",
		Description: "Spans of 40 payments at a time queue up in memory and are shipped every five seconds.",
		Lures:       []string{"shop/telemetry.(*Exporter).run"},
		Scale:       40, ScaleUnit: "customers", SettleSeconds: 3,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: 20})
			if err != nil {
				return err
			}
			exporter := telemetry.NewExporter(addr)
			s.onStop(exporter.Close)
			s.handle("POST", "/checkout/pay", (&handlers.Live{Payments: payments.NewClient(addr), Telemetry: exporter}).Pay)
			return s.visit(world.Load{Method: "POST", Path: "/checkout/pay", AtOnce: s.Scale, Repeat: true, PauseMs: 100})
		},
	},
	{
		Name: "heavy-load", Kind: Healthy,
		Title:       "Honest heavy load",
		Description: "Searches keep about one core busy with ranking; every request is answered within milliseconds.",
		Lures:       []string{"shop/search.Rank"}, SeenIn: InCPU,
		Scale: 3, ScaleUnit: "customers", SettleSeconds: 3,
		start: func(s *Site) error {
			names := make([]string, 600)
			for i := range names {
				names[i] = fmt.Sprintf("Garden chair in oak No. %d", i)
			}
			s.handle("GET", "/search", (&handlers.Engine{Names: names}).Search)
			return s.visit(world.Load{Method: "GET", Path: "/search", AtOnce: s.Scale, Repeat: true, PauseMs: 8})
		},
	},
	{
		Name: "stable-cache", Kind: Healthy,
		Title:       "A large cache that does not grow",
		Description: "120 MiB of previews are kept in memory from the start, and served.",
		Lures:       []string{"shop/previews.paint"}, SeenIn: InHeap,
		Scale: 120, ScaleUnit: "MiB", SettleSeconds: 4,
		start: func(s *Site) error {
			const previewsPerMiB = 32
			engine := &handlers.Engine{Previews: previews.NewRenderer(s.Scale * previewsPerMiB)}
			settleHeap()
			s.handle("GET", "/previews/popular", engine.Popular)
			if err := s.browse(30); err != nil {
				return err
			}
			return s.visit(world.Load{Method: "GET", Path: "/previews/popular", AtOnce: 10, Repeat: true, PauseMs: 100})
		},
	},
}
