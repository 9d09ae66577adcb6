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

// Merge appends the cart of a guest to the cart of the customer they turn out to be.
func (s *Store) Merge(ctx context.Context, customer, guest string) error {
	conn, err := s.pool.Get(ctx)
	if err != nil {
		return fmt.Errorf("merge into %s: %w", customer, err)
	}
	defer s.pool.Put(conn)
	own, err := conn.Do("GET", "cart:"+customer)
	if err != nil {
		return err
	}
	found, err := s.Load(ctx, guest)
	if err != nil {
		return err
	}
	_, err = conn.Do("SET", "cart:"+customer, own+found)
	return err
}
