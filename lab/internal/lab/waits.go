package lab

import (
	"time"

	"shop/feeds"
	"shop/handlers"
	"shop/imaging"
	"shop/internal/world"
	"shop/notify"
	"shop/reports"
)

// never is no deadline at all.
var never time.Time

// soon is a deadline for what succeeds at once or not at all.
func soon() time.Time { return time.Now().Add(50 * time.Millisecond) }

var waitModes = []Mode{
	{
		Name: "waitgroup-stuck", Kind: Sick,
		Title:       "A WaitGroup that is never done",
		Description: "A report waits for all its sections; the section without sales returned early, without Done.",
		Culprits:    []string{"shop/reports.(*Builder).Build"},
		Rules:       []string{"goroutine/waitgroup-stuck", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 160, NeedsRestart: true,
		start: func(s *Site) error {
			builder := &reports.Builder{
				Sections: []string{"garden", "kitchen", "bath", "toys"},
				Rows: func(section string) (int, error) {
					if section == "toys" {
						return 0, reports.ErrNoRows
					}
					return len(section), nil
				},
			}
			s.handle("GET", "/report", (&handlers.BackOffice{Reports: builder}).Report)
			return s.pileVisits("GET", "/report")
		},
	},
	{
		Name: "group-wait", Kind: Sick,
		Title:       "A group that waits for a blocked member",
		Description: "An import's collector ends at the first bad line; the suppliers' readers block on its channel, and the group waits for them.",
		Culprits:    []string{"shop/feeds.(*Importer).pull", "shop/feeds.(*Importer).Import", "shop/feeds.(*Group).Wait"},
		Rules:       []string{"goroutine/chan-send-leak", "goroutine/waitgroup-stuck", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 120, NeedsRestart: true,
		start: func(s *Site) error {
			importer := &feeds.Importer{Suppliers: []string{"acme", "umbrella"}}
			s.handle("POST", "/import", (&handlers.BackOffice{Importer: importer}).Import)
			return s.pileVisits("POST", "/import")
		},
	},
	{
		Name: "nil-channel", Kind: Sick,
		Title:       "A send on a nil channel",
		Description: "The message hub was never started, so that its channel is nil: every message blocks for ever.",
		Culprits:    []string{"shop/notify.(*Hub).Tell"},
		Rules:       []string{"goroutine/nil-channel", "goroutine/runtime-leak"}, SettleSeconds: 2,
		Scale: 160, NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/tell", (&handlers.BackOffice{Hub: notify.NewHub()}).Tell)
			return s.pileVisits("POST", "/tell")
		},
	},
	{
		Name: "finalizer-stuck", Kind: Sick,
		Title:       "A finalizer that blocks",
		Description: "Canvases come back through a finalizer that sends on a channel without a receiver: no other finalizer of the process runs any more.",
		Culprits:    []string{"shop/imaging.(*Studio).takeBack"},
		Rules:       []string{"goroutine/finalizer-stuck"}, SettleSeconds: 4,
		Scale: 1, ScaleUnit: "goroutine", NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/picture", (&handlers.BackOffice{Studio: imaging.NewStudio()}).Draw)
			return s.visit(world.Load{Method: "POST", Path: "/picture", AtOnce: 100, PerSecond: 15, Total: 1000})
		},
	},
}
