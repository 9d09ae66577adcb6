// Package ledger books what the shop earns and pays.
package ledger

import (
	"fmt"
	"sync"
)

// Entry is one booking, in cents.
type Entry struct {
	Account string
	Cents   int64
}

// Store keeps the balances and a copy of every entry on a replica.
type Store struct {
	mu       sync.Mutex
	balances map[string]int64
	replica  *Replica
}

// NewStore books in memory and on the replica.
func NewStore(replica *Replica) *Store {
	return &Store{balances: make(map[string]int64), replica: replica}
}

// Post books one entry and returns the new balance in cents.
func (s *Store) Post(entry Entry) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.replica.Append(entry); err != nil {
		return 0, fmt.Errorf("post to %s: %w", entry.Account, err)
	}
	s.balances[entry.Account] += entry.Cents
	return s.balances[entry.Account], nil
}
