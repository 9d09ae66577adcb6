// Package redis is a small client of the Redis protocol with a bounded connection pool.
package redis

import (
	"context"
	"errors"
)

// Options size the pool.
type Options struct {
	Addr string
	// PoolSize is how many connections may be in use at once.
	PoolSize int
}

// Pool lends connections.
type Pool struct {
	options Options
	turns   chan struct{}
	idle    chan *Conn
}

// NewPool dials nothing yet.
func NewPool(options Options) *Pool {
	p := &Pool{
		options: options,
		turns:   make(chan struct{}, options.PoolSize),
		idle:    make(chan *Conn, options.PoolSize),
	}
	for i := 0; i < options.PoolSize; i++ {
		p.turns <- struct{}{}
	}
	return p
}

// Get borrows a connection and waits for its turn.
func (p *Pool) Get(ctx context.Context) (*Conn, error) {
	select {
	case <-p.turns:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case conn := <-p.idle:
		return conn, nil
	default:
	}
	conn, err := dial(p.options.Addr)
	if err != nil {
		p.turns <- struct{}{}
		return nil, err
	}
	return conn, nil
}

// Put gives a connection back; a broken one is dropped.
func (p *Pool) Put(conn *Conn) {
	if conn.broken {
		_ = conn.Close()
	} else {
		p.idle <- conn
	}
	p.turns <- struct{}{}
}

// ErrNil is the answer for a key that does not exist.
var ErrNil = errors.New("redis: nil")

// GetString reads one key.
func (p *Pool) GetString(ctx context.Context, key string) (string, error) {
	conn, err := p.Get(ctx)
	if err != nil {
		return "", err
	}
	defer p.Put(conn)
	return conn.Do("GET", key)
}

// Close drops the idle connections.
func (p *Pool) Close() {
	for {
		select {
		case conn := <-p.idle:
			_ = conn.Close()
		default:
			return
		}
	}
}
