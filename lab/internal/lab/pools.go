package lab

import (
	"shop/carts"
	"shop/clients/redis"
	"shop/handlers"
	"shop/internal/world"
)

var poolModes = []Mode{
	{
		Name: "redis-pool-zero", Kind: Sick,
		Title:       "A Redis pool of size 0",
		Description: "The pool was configured with PoolSize 0: nobody ever gets a connection.",
		Culprits:    []string{"shop/clients/redis.(*Pool).Get", "shop/carts.(*Store).Load"},
		Rules:       []string{"pool/exhausted"}, SettleSeconds: 2,
		Scale: 240,
		start: func(s *Site) error { return startRedis(s, 0, 0, s.pileVisits) },
	},
}

func startRedis(s *Site, poolSize, delayMs int, visits func(method, path string) error) error {
	addr, err := s.upstream(world.Upstream{Kind: "resp", DelayMs: delayMs})
	if err != nil {
		return err
	}
	pool := redis.NewPool(redis.Options{Addr: addr, PoolSize: poolSize})
	s.onStop(pool.Close)
	s.handle("GET", "/cart", (&handlers.Checkout{Carts: carts.NewStore(pool)}).Cart)
	return visits("GET", "/cart")
}
