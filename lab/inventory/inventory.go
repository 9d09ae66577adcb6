// Package inventory moves articles between the warehouse and the shop's shelves.
package inventory

import (
	"sync"
	"time"
)

// scanTime is how long the hand scanner takes.
const scanTime = 2 * time.Millisecond

// Warehouse has the articles that are not on a shelf.
type Warehouse struct {
	mu       sync.Mutex
	articles int
}

// Shelf has the articles on display.
type Shelf struct {
	mu        sync.Mutex
	articles  int
	warehouse *Warehouse
}

// NewShelf has some articles on display and many in the warehouse.
func NewShelf() *Shelf {
	return &Shelf{articles: 100, warehouse: &Warehouse{articles: 10_000}}
}

// Warehouse is where the shelf's articles come from.
func (s *Shelf) Warehouse() *Warehouse { return s.warehouse }

// Sell takes an article off the shelf and books its replacement in the warehouse.
func (s *Shelf) Sell() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.articles--
	time.Sleep(scanTime)
	s.warehouse.mu.Lock()
	defer s.warehouse.mu.Unlock()
	s.warehouse.articles--
	return s.articles
}

// Restock moves an article from the warehouse to the shelf.
func (w *Warehouse) Restock(s *Shelf) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.articles--
	time.Sleep(scanTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.articles++
	return w.articles
}
