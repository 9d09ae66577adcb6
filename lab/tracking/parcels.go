// Package tracking follows parcels on their way.
package tracking

import (
	"context"
	"sync"
	"time"
)

// Parcels knows which parcels are on somebody's screen.
type Parcels struct {
	mu     sync.Mutex
	onView map[string]int
}

// NewParcels has none on view.
func NewParcels() *Parcels { return &Parcels{onView: make(map[string]int)} }

// Watch puts a parcel on view until the context ends or the returned function is called.
func (p *Parcels) Watch(ctx context.Context, parcel string) (unwatch context.CancelFunc) {
	ctx, unwatch = context.WithCancel(ctx)
	p.mu.Lock()
	p.onView[parcel]++
	p.mu.Unlock()
	go p.forget(ctx, parcel)
	return unwatch
}

func (p *Parcels) forget(ctx context.Context, parcel string) {
	<-ctx.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onView[parcel]--
}

// Courier is one van with parcels in it.
type Courier struct {
	every    time.Duration
	mu       sync.Mutex
	position int
}

// Locate starts to follow a van and returns its first position.
func Locate(every time.Duration) *Courier {
	c := &Courier{every: every}
	go c.poll()
	return c
}

func (c *Courier) poll() {
	for {
		c.mu.Lock()
		c.position++
		c.mu.Unlock()
		time.Sleep(c.every)
	}
}

// Position is where the van is, in kilometres from the depot.
func (c *Courier) Position() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position
}
