package lab

import (
	"sync"

	"shop/crowd"
)

var toolModes = []Mode{
	{
		Name: "crowd", Kind: Tool,
		Title:       "Very many parked goroutines",
		Description: "For measuring what a capture costs: goroutines parked for ever in stacks 6 to 14 frames deep, and the ticker of GET /lab/ticker.",
		Scale:       100_000, SettleSeconds: 2, alone: true,
		start: func(s *Site) error {
			visitors := crowd.New()
			var parked sync.WaitGroup
			parked.Add(s.Scale)
			for i := 0; i < s.Scale; i++ {
				go visitors.Enter(i, parked.Done)
			}
			parked.Wait()
			s.onStop(visitors.Leave)
			s.shop.ticker.Reset()
			return nil
		},
	},
}
