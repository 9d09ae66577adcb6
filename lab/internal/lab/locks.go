package lab

import (
	"io"
	"os"
	"runtime"

	"shop/catalog"
	"shop/counters"
	"shop/currency"
	"shop/handlers"
	"shop/internal/world"
	"shop/inventory"
	"shop/ledger"
)

var lockModes = []Mode{
	{
		Name: "mutex-io", Kind: Sick,
		Title:       "A mutex held during I/O",
		Description: "The ledger waits for its replica's acknowledgement with its mutex held; the replica has gone quiet.",
		Culprits:    []string{"shop/ledger.(*Store).Post", "shop/ledger.(*Replica).Append"},
		Rules:       []string{"goroutine/lock-holder", "goroutine/mutex-pileup"}, SettleSeconds: 2,
		Scale: 200, start: startMutexIO,
	},
	{
		Name: "lock-order", Kind: Sick,
		Title:       "Two locks taken in opposite order",
		Description: "Selling locks the shelf and then the warehouse, restocking the warehouse and then the shelf; both have met, and everybody queues up.",
		Culprits:    []string{"shop/inventory.(*Shelf).Sell", "shop/inventory.(*Warehouse).Restock"},
		Rules:       []string{"goroutine/lock-cycle", "goroutine/mutex-pileup"}, SettleSeconds: 2,
		Scale: 160, NeedsRestart: true,
		start: func(s *Site) error {
			office := &handlers.BackOffice{Shelf: inventory.NewShelf()}
			s.handle("POST", "/shelf/sell", office.Sell)
			s.handle("POST", "/shelf/restock", office.Restock)
			s.Scale /= 2
			if err := s.pileVisits("POST", "/shelf/sell"); err != nil {
				return err
			}
			return s.pileVisits("POST", "/shelf/restock")
		},
	},
	{
		Name: "rwmutex-writer", Kind: Sick,
		Title: "A reader that locks again behind a waiting writer",
		Description: "A search holds the index's read lock and takes it once more for every price; a refresh has queued up for " +
			"the write lock in between, so that the second read lock waits for the writer and the writer for the first.",
		Culprits: []string{"shop/catalog.(*Index).Price", "shop/catalog.(*Index).Search", "shop/catalog.(*Index).Refresh"},
		Rules:    []string{"goroutine/rwmutex-starvation", "goroutine/lock-cycle"}, SettleSeconds: 2,
		Scale: 160, NeedsRestart: true,
		start: func(s *Site) error {
			list := catalog.New(500)
			office := &handlers.BackOffice{Catalog: list, Index: catalog.NewIndex(list)}
			s.handle("GET", "/catalog/find", office.Find)
			s.handle("POST", "/catalog/reindex", office.Reindex)
			if err := s.pileVisits("GET", "/catalog/find"); err != nil {
				return err
			}
			return s.visit(world.Load{Method: "POST", Path: "/catalog/reindex", AtOnce: 1, PerSecond: 2, Total: 2})
		},
	},
	{
		Name: "once-stuck", Kind: Sick,
		Title:       "A sync.Once that never ends",
		Description: "The first conversion loads the exchange rates from a service that has gone quiet, inside a sync.Once; all others wait for it.",
		Culprits:    []string{"shop/currency.(*Rates).load", "shop/currency.(*Rates).Convert"},
		Rules:       []string{"goroutine/once-stuck", "goroutine/lock-holder", "goroutine/mutex-pileup"}, SettleSeconds: 2,
		Scale: 160,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "silent"})
			if err != nil {
				return err
			}
			s.handle("GET", "/convert", (&handlers.BackOffice{Rates: &currency.Rates{Addr: addr}}).Convert)
			return s.pileVisits("GET", "/convert")
		},
	},
	{
		Name: "lock-contention", Kind: Sick,
		Title:       "One hot mutex that moves",
		Description: "Every page view counts under one lock that is held for 4 ms; 80 customers queue up, and all of them are served in the end.",
		Culprits:    []string{"shop/counters.(*Registry).Add"},
		Rules:       []string{"goroutine/mutex-pileup"}, SettleSeconds: 3,
		Scale: 80,
		start: func(s *Site) error {
			before := runtime.SetMutexProfileFraction(5)
			s.onStop(func() { runtime.SetMutexProfileFraction(before) })
			s.handle("POST", "/count", (&handlers.BackOffice{Counters: counters.NewRegistry()}).Count)
			return s.visit(world.Load{Method: "POST", Path: "/count", AtOnce: s.Scale, Repeat: true})
		},
	},
	{
		Name: "log-blocked", Kind: Sick,
		Title:       "A log whose reader has stopped",
		Description: "The access log goes to a pipe, and the collector at its other end has stopped reading: one request blocks in the write, all others wait for the log's lock.",
		Culprits:    []string{"shop/accesslog.(*Logger).Request"},
		Rules:       []string{"log/lock-blocked", "goroutine/lock-holder", "goroutine/mutex-pileup"}, SettleSeconds: 4,
		Scale: 160, start: startLogBlocked,
	},
}

func startMutexIO(s *Site) error {
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
}

func startLogBlocked(s *Site) error {
	collector, sink, err := os.Pipe()
	if err != nil {
		return err
	}
	s.onStop(func() {
		// Whoever holds the log's lock writes until the reading end is gone; only then can the log change its output.
		_ = collector.Close()
		s.shop.log.SetOutput(io.Discard)
		_ = sink.Close()
	})
	fillPipe(sink)
	s.shop.log.SetOutput(sink)
	return s.pileVisits("GET", "/healthz")
}

// fillPipe writes until the pipe is full, as it is minutes after its reader stopped.
func fillPipe(sink *os.File) {
	line := []byte("method=GET path=/healthz took=1.042ms\n")
	for {
		_ = sink.SetWriteDeadline(soon())
		if _, err := sink.Write(line); err != nil {
			break
		}
	}
	_ = sink.SetWriteDeadline(never)
}
