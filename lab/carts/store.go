// Package carts keeps the customers' carts.
package carts

import (
	"context"
	"fmt"

	"shop/clients/redis"
)

// Store keeps carts in Redis.
type Store struct {
	pool *redis.Pool
}

// NewStore reads carts through the pool.
func NewStore(pool *redis.Pool) *Store { return &Store{pool: pool} }

// Load reads one customer's cart.
func (s *Store) Load(ctx context.Context, customer string) (string, error) {
	cart, err := s.pool.GetString(ctx, "cart:"+customer)
	if err != nil {
		return "", fmt.Errorf("cart of %s: %w", customer, err)
	}
	return cart, nil
}
