package lab

import (
	"shop/handlers"
	"shop/internal/world"
	"shop/ledger"
)

var lockModes = []Mode{
	{
		Name: "mutex-io", Kind: Sick,
		Title:       "A mutex held during I/O",
		Description: "The ledger waits for its replica's acknowledgement with its mutex held; the replica has gone quiet.",
		Culprits:    []string{"shop/ledger.(*Store).Post", "shop/ledger.(*Replica).Append"},
		Rules:       []string{"goroutine/lock-holder", "goroutine/mutex-pileup"}, SettleSeconds: 2,
		Scale: 200,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "silent"})
			if err != nil {
				return err
			}
			replica, err := ledger.DialReplica(addr)
			if err != nil {
				return err
			}
			s.onStop(func() { _ = replica.Close() })
			s.handle("POST", "/checkout/book", (&handlers.Checkout{Ledger: ledger.NewStore(replica)}).Book)
			return s.pileVisits("POST", "/checkout/book")
		},
	},
}
