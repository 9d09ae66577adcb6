package lab

import (
	"time"

	"shop/handlers"
	"shop/orders"
	"shop/pricing"
)

var leakModes = []Mode{
	{
		Name: "chan-send-leak", Kind: Sick,
		Title:       "A sender whose receiver gave up",
		Description: "The quote's receiver times out after 20 ms; the carrier answers after 60 ms and sends on an unbuffered channel for ever.",
		Culprits:    []string{"shop/pricing.(*Quoter).ask", "shop/pricing.(*Quoter).Quote"},
		Rules:       []string{"goroutine/chan-send-leak", "goroutine/growth"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			quoter := &pricing.Quoter{Patience: 20 * time.Millisecond, AnswerTime: 60 * time.Millisecond}
			s.handle("POST", "/checkout/quote", (&handlers.Checkout{Quoter: quoter}).Quote)
			return s.leakVisits("POST", "/checkout/quote")
		},
	},
	{
		Name: "chan-receive-leak", Kind: Sick,
		Title:       "Receivers of a channel that nobody closes",
		Description: "Each follower of the order feed ranges over a channel; to unfollow only forgets the channel.",
		Culprits:    []string{"shop/orders.(*Feed).deliver", "shop/orders.(*Feed).Follow"},
		Rules:       []string{"goroutine/chan-receive-leak", "goroutine/growth"}, SettleSeconds: 2,
		Scale: 5000, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("GET", "/orders/status", (&handlers.Orders{Feed: orders.NewFeed()}).Status)
			return s.leakVisits("GET", "/orders/status")
		},
	},
}
