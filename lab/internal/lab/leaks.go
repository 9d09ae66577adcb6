package lab

import (
	"time"

	"shop/exports"
	"shop/handlers"
	"shop/internal/world"
	"shop/mirror"
	"shop/orders"
	"shop/pricing"
	"shop/sessions"
	"shop/stock"
	"shop/tracking"
)

var leakModes = []Mode{
	{
		Name: "chan-send-leak", Kind: Sick,
		Title:       "A sender whose receiver gave up",
		Description: "The quote's receiver times out after 20 ms; the carrier answers after 400 ms and sends on an unbuffered channel for ever.",
		Culprits:    []string{"shop/pricing.(*Quoter).ask", "shop/pricing.(*Quoter).Quote"},
		Rules:       []string{"goroutine/chan-send-leak", "goroutine/growth", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			quoter := &pricing.Quoter{Patience: 20 * time.Millisecond, AnswerTime: 400 * time.Millisecond}
			s.handle("POST", "/checkout/quote", (&handlers.Checkout{Quoter: quoter}).Quote)
			return s.leakVisits("POST", "/checkout/quote")
		},
	},
	{
		Name: "chan-receive-leak", Kind: Sick,
		Title:       "Receivers of a channel that nobody closes",
		Description: "Each follower of the order feed ranges over a channel; to unfollow only forgets the channel.",
		Culprits:    []string{"shop/orders.(*Feed).deliver", "shop/orders.(*Feed).Follow"},
		Rules:       []string{"goroutine/chan-receive-leak", "goroutine/growth", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("GET", "/orders/status", (&handlers.Orders{Feed: orders.NewFeed()}).Status)
			return s.leakVisits("GET", "/orders/status")
		},
	},
	{
		Name: "context-leak", Kind: Sick,
		Title: "Contexts never cancelled",
		Description: "Every reservation derives a context from the visitor's session and forgets to cancel it. The session is a " +
			"context type of the shop's own, so each child costs a goroutine of package context, in which no function of the shop appears.",
		Culprits: []string{"shop/stock.(*Reservations).Hold", "shop/handlers.(*Visit).Reserve"},
		SeenIn:   InHeap,
		Rules:    []string{"goroutine/context-leak", "goroutine/growth", "heap/growth"}, SettleSeconds: 3,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			visit := &handlers.Visit{Session: sessions.Begin(), Reservations: &stock.Reservations{}}
			s.handle("POST", "/basket/reserve", visit.Reserve)
			return s.leakVisits("POST", "/basket/reserve")
		},
	},
	{
		Name: "context-watch-leak", Kind: Sick,
		Title:       "Goroutines that wait for a cancel that never comes",
		Description: "Looking at a parcel starts a goroutine that waits for the end of a context; the handler forgets to end it.",
		Culprits:    []string{"shop/tracking.(*Parcels).forget", "shop/tracking.(*Parcels).Watch"},
		Rules:       []string{"goroutine/context-leak", "goroutine/chan-receive-leak", "goroutine/growth"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			visit := &handlers.Visit{Session: sessions.Begin(), Parcels: tracking.NewParcels()}
			s.handle("GET", "/parcel", visit.Parcel)
			return s.leakVisits("GET", "/parcel")
		},
	},
	{
		Name: "context-timer-leak", Kind: Sick,
		Title:       "Hour-long deadlines never cancelled",
		Description: "Every item of a basket gets a context with a deadline in an hour, and nobody cancels it: no goroutine, but a timer and its context each.",
		Culprits:    []string{"shop/promotions.Remind", "shop/handlers.(*Visit).Remind"},
		SeenIn:      InHeap,
		Rules:       []string{"heap/timer-leak", "goroutine/context-leak", "heap/growth"}, SettleSeconds: 5,
		Scale: 250_000, ScaleUnit: "contexts", NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/basket/remind", (&handlers.Visit{}).Remind)
			return s.visit(timerVisits(s.Scale, "/basket/remind"))
		},
	},
	{
		Name: "time-after-leak", Kind: Sick,
		Title:       "time.After in a loop",
		Description: "Every voucher claimed leaves a timer of an hour behind. Go 1.23 and later collect it.",
		Culprits:    []string{"shop/promotions.Claim", "shop/handlers.(*Visit).Claim"},
		SeenIn:      InHeap,
		Rules:       []string{"heap/timer-leak", "heap/growth"}, SettleSeconds: 5,
		Scale: 250_000, ScaleUnit: "timers", NeedsRestart: true, MaxGo: "1.22",
		start: func(s *Site) error {
			s.handle("POST", "/basket/claim", (&handlers.Visit{}).Claim)
			return s.visit(timerVisits(s.Scale, "/basket/claim"))
		},
	},
	{
		Name: "goroutine-growth", Kind: Sick,
		Title:       "Pollers that are started and never stopped",
		Description: "Every look at a van starts a goroutine that polls its position for ever, asleep most of the time.",
		Culprits:    []string{"shop/tracking.(*Courier).poll", "shop/tracking.Locate"},
		Rules:       []string{"goroutine/growth"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("GET", "/courier", (&handlers.Visit{}).Courier)
			return s.leakVisits("GET", "/courier")
		},
	},
	{
		Name: "empty-select", Kind: Sick,
		Title:       "Goroutines parked in select {}",
		Description: "Every mirror site that attaches leaves a goroutine in an empty select, to keep its deferred clean-up from running.",
		Culprits:    []string{"shop/mirror.(*Mirror).keep", "shop/mirror.(*Mirror).Attach"},
		Rules:       []string{"goroutine/empty-select", "goroutine/growth", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/mirror", (&handlers.Visit{Mirror: &mirror.Mirror{}}).Attach)
			return s.leakVisits("POST", "/mirror")
		},
	},
	{
		Name: "pipe-stuck", Kind: Sick,
		Title:       "Writers of a pipe that nobody reads on",
		Description: "A look at the first bytes of an export leaves its compressor writing into an io.Pipe.",
		Culprits:    []string{"shop/exports.(*Archive).compress", "shop/exports.(*Archive).Open"},
		Rules:       []string{"exec/wait-stuck", "goroutine/growth", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 2000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("GET", "/journal", (&handlers.Visit{Archive: exports.NewArchive(100_000)}).Journal)
			return s.leakVisits("GET", "/journal")
		},
	},
	{
		Name: "goroutine-memory", Kind: Sick,
		Title:       "Goroutines that hold large buffers",
		Description: "Every abandoned upload keeps a goroutine and its 64 KiB buffer.",
		Culprits:    []string{"shop/uploads.(*Upload).assemble", "shop/uploads.Begin"},
		Rules:       []string{"goroutine/chan-receive-leak", "heap/goroutine-memory", "goroutine/growth", "goroutine/runtime-leak"}, SettleSeconds: 3,
		Scale: 2000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/upload", (&handlers.Visit{}).Upload)
			return s.visit(world.Load{Method: "POST", Path: "/upload", AtOnce: least(300, s.Scale), PerSecond: 25, Total: s.Scale})
		},
	},
}

// timerVisits come ten times a second with large baskets until Scale items are through.
func timerVisits(items int, path string) world.Load {
	const itemsPerVisit = 500
	return world.Load{Method: "POST", Path: path, AtOnce: 20, PerSecond: 10, Total: items / itemsPerVisit}
}
