// Package counters counts what happens in the shop, for the boards in the office.
package counters

import (
	"hash/crc32"
	"sync"
	"time"
)

// boardTime is how long the office board takes to show a number.
const boardTime = 4 * time.Millisecond

// Registry has all counters under one lock.
type Registry struct {
	mu     sync.Mutex
	counts map[uint32]int
}

// NewRegistry counts from zero.
func NewRegistry() *Registry { return &Registry{counts: make(map[uint32]int)} }

// Add counts one event and shows it on the board.
func (r *Registry) Add(event string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := crc32.ChecksumIEEE([]byte(event))
	r.counts[key]++
	time.Sleep(boardTime)
	return r.counts[key]
}
