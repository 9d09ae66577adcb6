package lab

import (
	"shop/clients/payments"
	"shop/clients/reviews"
	"shop/handlers"
	"shop/internal/world"
)

var httpModes = []Mode{
	{
		Name: "slow-upstream", Kind: Sick,
		Title:       "A slow upstream and no timeout",
		Description: "The payment provider takes two minutes to answer; the client waits without a deadline.",
		Culprits:    []string{"shop/clients/payments.(*Client).Authorize"},
		Rules:       []string{"http/slow-upstream"}, SettleSeconds: 2,
		Scale: 240,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: 120_000})
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/pay", (&handlers.Checkout{Payments: payments.NewClient(addr)}).Pay)
			return s.pileVisits("POST", "/checkout/pay")
		},
	},
	{
		Name: "body-leak", Kind: Sick,
		Title:       "Response bodies not closed",
		Description: "The review client looks at the status and forgets the body, so that every call leaves a connection behind.",
		Culprits:    []string{"shop/clients/reviews.(*Client).Score"},
		SeenIn:      InHeap,
		Rules:       []string{"http/body-leak"}, SettleSeconds: 3,
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
}
