package lab

import (
	"shop/clients/payments"
	"shop/clients/reviews"
	"shop/clients/tax"
	"shop/exports"
	"shop/handlers"
	"shop/internal/world"
	"shop/shipping"
)

// forEver is the delay of an upstream that is as good as gone, in milliseconds.
const forEver = 600_000

var httpModes = []Mode{
	{
		Name: "slow-upstream", Kind: Sick,
		Title:       "A slow upstream and no timeout",
		Description: "The payment provider takes ten minutes to answer; the client waits without a deadline.",
		Culprits:    []string{"shop/clients/payments.(*Client).Authorize"},
		Rules:       []string{"http/slow-upstream"}, SettleSeconds: 2,
		Scale: 240,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: forEver})
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/pay", (&handlers.Checkout{Payments: payments.NewClient(addr)}).Pay)
			return s.pileVisits("POST", "/checkout/pay")
		},
	},
	{
		Name: "conn-queue", Kind: Sick,
		Title:       "MaxConnsPerHost too small",
		Description: "The tax client may open four connections; each answer takes two seconds, and everybody else queues for a connection.",
		Culprits:    []string{"shop/clients/tax.(*Client).Rate"},
		Rules:       []string{"http/conn-queue", "http/slow-upstream"}, SettleSeconds: 2,
		Scale: 150, ScaleUnit: "customers",
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: 2000})
			if err != nil {
				return err
			}
			s.handle("GET", "/tax", (&handlers.Delivery{Tax: tax.NewClient(addr)}).Rate)
			return s.visit(world.Load{Method: "GET", Path: "/tax", AtOnce: s.Scale, Repeat: true})
		},
	},
	{
		Name: "body-leak", Kind: Sick,
		Title:       "Response bodies not closed",
		Description: "The review client looks at the status and forgets the body, so that every call leaves a connection behind.",
		Culprits:    []string{"shop/clients/reviews.(*Client).Score", "shop/handlers.(*Product).Scores"},
		SeenIn:      InHeap,
		Rules:       []string{"http/body-leak", "goroutine/growth"}, SettleSeconds: 5,
		Scale: 2000, ScaleUnit: "connections", NeedsRestart: true,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", Bytes: 200_000})
			if err != nil {
				return err
			}
			s.handle("GET", "/product/scores", (&handlers.Product{Reviews: reviews.NewClient(addr)}).Scores)
			return s.leakVisits("GET", "/product/scores")
		},
	},
	{
		Name: "transport-per-request", Kind: Sick,
		Title:       "A new Transport for every request",
		Description: "Every estimate makes an address client with a transport of its own, whose idle connection stays for ever.",
		Culprits:    []string{"shop/clients/geo.NewClient", "shop/shipping.(*Estimator).Estimate"},
		SeenIn:      InHeap,
		Rules:       []string{"http/transport-leak", "goroutine/growth"}, SettleSeconds: 5,
		Scale: 2000, ScaleUnit: "connections", NeedsRestart: true,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", Bytes: 100})
			if err != nil {
				return err
			}
			estimator := &shipping.Estimator{AddressService: addr}
			s.handle("GET", "/estimate", (&handlers.Delivery{Estimator: estimator}).Estimate)
			return s.leakVisits("GET", "/estimate")
		},
	},
	{
		Name: "slow-clients", Kind: Sick,
		Title:       "Clients that do not read",
		Description: "Price comparison sites ask for the product feed and stop reading; without a WriteTimeout their handlers block in the write.",
		Culprits:    []string{"shop/exports.(*Feed).Write", "shop/handlers.(*Delivery).Download"},
		Rules:       []string{"http/slow-clients"}, SettleSeconds: 3,
		Scale: 200, ScaleUnit: "connections",
		start: func(s *Site) error {
			s.handle("GET", "/feed.csv", (&handlers.Delivery{Feed: &exports.Feed{Products: 500_000}}).Download)
			return s.visit(world.Load{
				Kind: "no-reader", Method: "GET", Path: "/feed.csv", AtOnce: s.Scale * 3 / 4, PerSecond: 6, Total: s.Scale,
			})
		},
	},
	{
		Name: "slow-headers", Kind: Sick,
		Title:       "Clients that send half a header",
		Description: "Connections send the first lines of a request and then nothing; without a ReadHeaderTimeout the server waits for ever.",
		Culprits:    []string{"shop/httpapi.(*Server).Serve"},
		Rules:       []string{"http/slow-headers"}, SettleSeconds: 3,
		Scale: 300, ScaleUnit: "connections",
		start: func(s *Site) error {
			return s.visit(world.Load{
				Kind: "half-header", Method: "POST", Path: "/upload", AtOnce: s.Scale / 2, PerSecond: 10, Total: s.Scale,
			})
		},
	},
}
