// Package orders follows orders from the basket to the door.
package orders

import "sync"

// Event is one change of an order.
type Event struct {
	Order  string `json:"order"`
	Status string `json:"status"`
}

// Feed hands order events to everybody who follows them.
type Feed struct {
	mu        sync.Mutex
	followers map[int]chan Event
	next      int
}

// NewFeed has no followers.
func NewFeed() *Feed { return &Feed{followers: make(map[int]chan Event)} }

// Follow calls notify for every event until the returned function is called.
func (f *Feed) Follow(notify func(Event)) (unfollow func()) {
	events := make(chan Event, 16)
	f.mu.Lock()
	id := f.next
	f.next++
	f.followers[id] = events
	f.mu.Unlock()
	go f.deliver(events, notify)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.followers, id)
	}
}

func (f *Feed) deliver(events <-chan Event, notify func(Event)) {
	for event := range events {
		notify(event)
	}
}

// Publish hands one event to every follower that keeps up.
func (f *Feed) Publish(event Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, events := range f.followers {
		select {
		case events <- event:
		default:
		}
	}
}
