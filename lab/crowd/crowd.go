// Package crowd is a hall full of visitors who wait, each in one of a few places and at one of a few depths.
package crowd

import (
	"context"
	"sync"
)

// Crowd is everybody in the hall.
type Crowd struct {
	ctx   context.Context
	leave context.CancelFunc
	calls chan string
	sighs chan string
	turn  sync.Mutex
	open  *sync.Cond
	gone  bool
}

// New is an empty hall.
func New() *Crowd {
	c := &Crowd{calls: make(chan string), sighs: make(chan string)}
	c.ctx, c.leave = context.WithCancel(context.Background())
	c.open = sync.NewCond(&c.turn)
	return c
}

// Enter lets visitor number n in; entered is called just before they begin to wait. It returns after Leave.
func (c *Crowd) Enter(n int, entered func()) { c.hall(n, entered) }

// Leave sends everybody home.
func (c *Crowd) Leave() {
	c.leave()
	c.turn.Lock()
	defer c.turn.Unlock()
	c.gone = true
	c.open.Broadcast()
}

const (
	// nearest and depths make stacks of 6 frames at the door and of 14 at the far end.
	nearest = 1
	depths  = 7
	// places to wait in.
	places = 4
)

//go:noinline
func (c *Crowd) hall(n int, entered func()) { c.corridor(n, nearest+n%depths, entered) }

//go:noinline
func (c *Crowd) corridor(n, further int, entered func()) {
	if further > 0 {
		c.room(n, further-1, entered)
		return
	}
	c.seat(n, entered)
}

//go:noinline
func (c *Crowd) room(n, further int, entered func()) {
	if further > 0 {
		c.corridor(n, further-1, entered)
		return
	}
	c.seat(n, entered)
}

//go:noinline
func (c *Crowd) seat(n int, entered func()) {
	entered()
	switch n % places {
	case 0:
		c.listen()
	case 1:
		c.watch()
	case 2:
		c.queue()
	default:
		c.rest()
	}
}

// listen waits for a call or the end.
//
//go:noinline
func (c *Crowd) listen() {
	select {
	case <-c.calls:
	case <-c.ctx.Done():
	}
}

// watch waits for the end.
//
//go:noinline
func (c *Crowd) watch() { <-c.ctx.Done() }

// queue waits on a condition.
//
//go:noinline
func (c *Crowd) queue() {
	c.turn.Lock()
	defer c.turn.Unlock()
	for !c.gone {
		c.open.Wait()
	}
}

// rest waits with a message that nobody takes.
//
//go:noinline
func (c *Crowd) rest() {
	select {
	case c.sighs <- "resting":
	case <-c.ctx.Done():
	}
}
