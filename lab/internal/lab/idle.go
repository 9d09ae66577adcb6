package lab

import (
	"context"
	"sync"
	"time"

	"shop/clients/payments"
	"shop/handlers"
	"shop/internal/world"
	"shop/queue"
	"shop/schedule"
	"shop/store"
	"shop/workers"
)

// idleModes wait a lot and are well.
var idleModes = []Mode{
	{
		Name: "idle-workers", Kind: Healthy,
		Title:       "A large crew with nothing to do",
		Description: "5,000 workers wait for jobs; their number never changes.",
		Lures:       []string{"shop/workers.(*Pool).work"},
		Scale:       5000, SettleSeconds: 1,
		start: func(s *Site) error {
			s.onStop(workers.NewPool(s.Scale, 100).Close)
			return nil
		},
	},
	{
		Name: "idle-keepalive", Kind: Healthy,
		Title:       "Idle keep-alive connections",
		Description: "300 browsers keep their connection open between two clicks, and 60 connections to the payment provider are idle.",
		Scale:       300, ScaleUnit: "connections", SettleSeconds: 3,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: 100})
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/pay", (&handlers.Live{Payments: payments.NewClient(addr)}).Pay)
			if err := s.visit(world.Load{Method: "POST", Path: "/checkout/pay", AtOnce: 60}); err != nil {
				return err
			}
			return s.visit(world.Load{Method: "GET", Path: "/healthz", AtOnce: s.Scale, Repeat: true, PauseMs: 20_000})
		},
	},
	{
		Name: "tickers", Kind: Healthy,
		Title:       "Many tickers",
		Description: "200 jobs run at intervals between one and thirty seconds.",
		Lures:       []string{"shop/schedule.(*Job).loop"},
		Scale:       200, SettleSeconds: 1,
		start: func(s *Site) error {
			for i := 0; i < s.Scale; i++ {
				job := schedule.Start(time.Duration(1+i%30)*time.Second, func() {})
				s.onStop(job.Stop)
			}
			return nil
		},
	},
	{
		Name: "sql-idle-pool", Kind: Healthy,
		Title:       "A large, idle database pool",
		Description: "200 idle connections, each with its driver's goroutine, and a query now and then.",
		Lures:       []string{"shop/store/wire.(*conn).watch"},
		Scale:       200, ScaleUnit: "connections", SettleSeconds: 3,
		start: func(s *Site) error {
			db, err := s.database(s.Scale, 50)
			if err != nil {
				return err
			}
			orders := store.NewOrders(db)
			if err := s.warmUp(orders); err != nil {
				return err
			}
			s.handle("GET", "/orders/count", (&handlers.Books{Orders: orders}).Count)
			return s.visit(world.Load{Method: "GET", Path: "/orders/count", AtOnce: 5, Repeat: true, PauseMs: 1000})
		},
	},
	{
		Name: "cond-queue", Kind: Healthy,
		Title:       "Consumers on a condition variable",
		Description: "100 consumers wait on a sync.Cond; twenty mails a second come in.",
		Lures:       []string{"shop/queue.(*Queue).Take"},
		Scale:       100, SettleSeconds: 1,
		start: func(s *Site) error {
			mails := queue.New()
			for i := 0; i < s.Scale; i++ {
				go mails.Consume()
			}
			s.onStop(mails.Close)
			job := schedule.Start(50*time.Millisecond, func() { mails.Put("your parcel is on its way") })
			s.onStop(job.Stop)
			return nil
		},
	},
	{
		Name: "select-main", Kind: Healthy,
		Title:       "select {} in main",
		Description: "Main has nothing left to do and parks for ever, which keeps the process alive; signals still end it.",
		Lures:       []string{"main.main"},
		Scale:       1, ScaleUnit: "goroutine", SettleSeconds: 1, NeedsRestart: true,
		start: func(s *Site) error {
			s.shop.parkOnce.Do(func() { close(s.shop.parkMain) })
			return nil
		},
	},
	{
		Name: "just-started", Kind: Healthy,
		Title:       "A process that has just started",
		Description: "The crew is hired at 25 workers a second for the first 20 seconds of the mode and then stays as it is.",
		Lures:       []string{"shop/workers.(*Pool).work"},
		Scale:       500, SettleSeconds: 1,
		start: func(s *Site) error {
			pool := workers.NewPool(0, 100)
			stop := make(chan struct{})
			var hiring sync.WaitGroup
			hiring.Add(1)
			go func() {
				defer hiring.Done()
				pool.Hire(s.Scale, 40*time.Millisecond, stop)
			}()
			s.onStop(func() {
				close(stop)
				hiring.Wait()
				pool.Close()
			})
			return nil
		},
	},
}

// warmUp runs as many queries at once as the pool has connections, so that all of them are open.
func (s *Site) warmUp(orders *store.Orders) error {
	failed := make(chan error, s.Scale)
	for i := 0; i < s.Scale; i++ {
		go func() {
			_, err := orders.Count(context.Background())
			failed <- err
		}()
	}
	for i := 0; i < s.Scale; i++ {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}
