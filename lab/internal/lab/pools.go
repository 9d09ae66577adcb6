package lab

import (
	"context"
	"database/sql"

	"shop/carts"
	"shop/clients/payments"
	"shop/clients/redis"
	"shop/handlers"
	"shop/internal/world"
	"shop/store"
	"shop/store/wire"
)

var poolModes = []Mode{
	{
		Name: "sql-pool", Kind: Sick,
		Title:       "Database rows not closed",
		Description: "Ten calls have left their rows open, which keeps all ten connections of the pool; everybody else waits for one.",
		Culprits:    []string{"shop/store.(*Orders).Latest"},
		Rules:       []string{"sql/pool-exhausted"}, SettleSeconds: 2,
		Scale: 200, NeedsRestart: true,
		start: func(s *Site) error {
			db, err := s.database(10, 1)
			if err != nil {
				return err
			}
			s.handle("GET", "/orders/latest", (&handlers.Books{Orders: store.NewOrders(db)}).Latest)
			return s.pileVisits("GET", "/orders/latest")
		},
	},
	{
		Name: "sql-slow-transaction", Kind: Sick,
		Title:       "Transactions that wait for another service",
		Description: "Orders are charged inside their transaction; the payment provider is slow, and ten transactions keep all ten connections.",
		Culprits:    []string{"shop/store.(*Orders).Place", "shop/clients/payments.(*Client).Authorize"},
		Rules:       []string{"sql/pool-exhausted", "http/slow-upstream"}, SettleSeconds: 2,
		Scale: 200,
		start: func(s *Site) error {
			db, err := s.database(10, 1)
			if err != nil {
				return err
			}
			addr, err := s.upstream(world.Upstream{Kind: "http", DelayMs: forEver})
			if err != nil {
				return err
			}
			books := &handlers.Books{Orders: store.NewOrders(db), Payments: payments.NewClient(addr)}
			s.handle("POST", "/orders", books.Place)
			return s.pileVisits("POST", "/orders")
		},
	},
	{
		Name: "sql-nested", Kind: Sick,
		Title:       "A second connection while holding the first",
		Description: "Totals read invoices and, row by row, their lines over a second connection; twenty totals hold all twenty connections and wait for one more each.",
		Culprits:    []string{"shop/store.(*Invoices).lines", "shop/store.(*Invoices).Total"},
		Rules:       []string{"pool/nested-acquire", "sql/pool-exhausted"}, SettleSeconds: 2,
		Scale: 200,
		start: func(s *Site) error {
			db, err := s.database(20, 20)
			if err != nil {
				return err
			}
			s.handle("GET", "/invoices/total", (&handlers.Books{Invoices: store.NewInvoices(db)}).Total)
			return s.pileVisits("GET", "/invoices/total")
		},
	},
	{
		Name: "redis-pool-zero", Kind: Sick,
		Title:       "A Redis pool of size 0",
		Description: "The pool was configured with PoolSize 0: nobody ever gets a connection.",
		Culprits:    []string{"shop/clients/redis.(*Pool).Get", "shop/carts.(*Store).Load"},
		Rules:       []string{"pool/exhausted"}, SettleSeconds: 2,
		Scale: 240,
		start: func(s *Site) error { return s.cartsAtPoolSize(0) },
	},
	{
		Name: "redis-pool-small", Kind: Sick,
		Title:       "A Redis pool that is too small",
		Description: "Two connections at 100 ms an answer serve twenty carts a second; 120 customers want more than that and queue up.",
		Culprits:    []string{"shop/clients/redis.(*Pool).Get", "shop/carts.(*Store).Load"},
		Rules:       []string{"pool/exhausted"}, SettleSeconds: 2,
		Scale: 120, ScaleUnit: "customers",
		start: func(s *Site) error {
			checkout, err := s.redisCarts(2, 100)
			if err != nil {
				return err
			}
			s.handle("GET", "/cart", checkout.Cart)
			return s.visit(world.Load{Method: "GET", Path: "/cart", AtOnce: s.Scale, Repeat: true})
		},
	},
	{
		Name: "redis-pool-wide", Kind: Healthy,
		Title:       "A Redis pool that is wide enough",
		Description: "The same customers as with redis-pool-zero, and 200 connections: they come and go.",
		Scale:       240, ScaleUnit: "customers", SettleSeconds: 2,
		start: func(s *Site) error { return s.cartsAtPoolSize(200) },
	},
	{
		Name: "redis-nested", Kind: Sick,
		Title:       "A second Redis connection while holding the first",
		Description: "Merging two carts borrows a connection and loads the second cart over another; eight merges hold all eight connections.",
		Culprits:    []string{"shop/clients/redis.(*Pool).Get", "shop/carts.(*Store).Merge", "shop/carts.(*Store).Load"},
		Rules:       []string{"pool/nested-acquire", "pool/exhausted"}, SettleSeconds: 2,
		Scale: 200,
		start: func(s *Site) error {
			checkout, err := s.redisCarts(8, 20)
			if err != nil {
				return err
			}
			s.handle("POST", "/cart/merge", checkout.Merge)
			return s.pileVisits("POST", "/cart/merge")
		},
	},
}

// cartsAtPoolSize lets customers look at their carts while the pool's size is a setting of the running shop.
func (s *Site) cartsAtPoolSize(size int) error {
	checkout, err := s.redisCarts(size, 20)
	if err != nil {
		return err
	}
	s.handle("GET", "/cart", checkout.Cart)
	return s.comeAndGo("GET", "/cart")
}

// redisCarts keeps carts in a Redis outside, through a pool that begins with that size and offers it as a setting.
func (s *Site) redisCarts(size, delayMs int) (*handlers.Checkout, error) {
	addr, err := s.upstream(world.Upstream{Kind: "resp", DelayMs: delayMs})
	if err != nil {
		return nil, err
	}
	pool, err := redis.NewPool(redis.Options{Addr: addr, PoolSize: size})
	if err != nil {
		return nil, err
	}
	s.onStop(pool.Close)
	s.offer("redis.max_active", poolSize(pool))
	return &handlers.Checkout{Carts: carts.NewStore(pool)}, nil
}

// database opens a pool of at most maxOpen connections to a database outside and warms it up.
func (s *Site) database(maxOpen, delayMs int) (*sql.DB, error) {
	addr, err := s.upstream(world.Upstream{Kind: "sql", DelayMs: delayMs})
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(wire.Connector{Addr: addr})
	db.SetMaxOpenConns(maxOpen)
	db.SetMaxIdleConns(maxOpen)
	s.onStop(func() { _ = db.Close() })
	return db, db.PingContext(context.Background())
}
