package lab

import (
	"shop/internal/world"
	"shop/workers"
)

var idleModes = []Mode{
	{
		Name: "idle-workers", Kind: Healthy,
		Title:       "A large crew with nothing to do",
		Description: "5,000 workers wait for jobs; their number never changes.",
		Scale:       5000, SettleSeconds: 1,
		start: func(s *Site) error {
			s.onStop(workers.NewPool(s.Scale, 100).Close)
			return nil
		},
	},
	{
		Name: "idle-keepalive", Kind: Healthy,
		Title:       "Idle keep-alive connections",
		Description: "300 browsers keep their connection open between two clicks.",
		Scale:       300, ScaleUnit: "connections", SettleSeconds: 2,
		start: func(s *Site) error {
			return s.visit(world.Load{
				Method: "GET", Path: "/healthz", AtOnce: s.Scale, Repeat: true, PauseMs: 20_000,
			})
		},
	},
}
