// Package redis is a small client of the Redis protocol with a bounded connection pool.
package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// most is how large a pool can become.
const most = 1000

// Options size the pool.
type Options struct {
	Addr string
	// PoolSize is how many connections may be in use at once, 0 to 1000.
	PoolSize int
}

// Pool lends connections.
type Pool struct {
	addr string
	// turns and idle have room for the largest pool, so that nobody ever waits to give something back.
	turns chan struct{}
	idle  chan *Conn

	mu   sync.Mutex
	size int
	// owed turns are withdrawn when they come back: the pool shrank while they were lent.
	owed int
}

// NewPool dials nothing yet.
func NewPool(options Options) (*Pool, error) {
	p := &Pool{
		addr:  options.Addr,
		turns: make(chan struct{}, most),
		idle:  make(chan *Conn, most),
	}
	return p, p.Resize(options.PoolSize)
}

// Size is how many connections may be in use at once.
func (p *Pool) Size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size
}

// Resize changes the size while the pool is in use. Who waits goes on when it grows; what is lent stays lent when it
// shrinks, and is closed when it comes back.
func (p *Pool) Resize(size int) error {
	if size < 0 || size > most {
		return fmt.Errorf("a pool has 0 to %d connections, not %d", most, size)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ; p.size < size; p.size++ {
		if p.owed > 0 {
			p.owed--
		} else {
			p.turns <- struct{}{}
		}
	}
	for ; p.size > size; p.size-- {
		select {
		case <-p.turns:
		default:
			p.owed++
		}
		p.dropIdle(1)
	}
	return nil
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
	conn, err := dial(p.addr)
	if err != nil {
		p.endTurn(nil)
		return nil, err
	}
	return conn, nil
}

// Put gives a connection back; a broken one is dropped.
func (p *Pool) Put(conn *Conn) {
	if conn.broken {
		_ = conn.Close()
		conn = nil
	}
	p.endTurn(conn)
}

// endTurn lets the next one have the turn, and the connection if there is one.
func (p *Pool) endTurn(conn *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owed > 0 {
		p.owed--
		if conn != nil {
			_ = conn.Close()
		}
		return
	}
	if conn != nil {
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
func (p *Pool) Close() { p.dropIdle(most) }

func (p *Pool) dropIdle(atMost int) {
	for ; atMost > 0; atMost-- {
		select {
		case conn := <-p.idle:
			_ = conn.Close()
		default:
			return
		}
	}
}
