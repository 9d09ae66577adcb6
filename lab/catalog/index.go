package catalog

import (
	"strings"
	"sync"
)

// Index finds products by the words of their names.
type Index struct {
	mu     sync.RWMutex
	words  map[string][]int
	prices []int64
}

// NewIndex indexes a catalog.
func NewIndex(c *Catalog) *Index {
	i := &Index{}
	i.Refresh(c)
	return i
}

// Search adds up the prices of the products with that word, and calls each for every product found.
func (i *Index) Search(word string, each func()) int64 {
	i.mu.RLock()
	defer i.mu.RUnlock()
	var cents int64
	for _, product := range i.words[word] {
		each()
		cents += i.Price(product)
	}
	return cents
}

// Price is what a product costs, in cents.
func (i *Index) Price(product int) int64 {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.prices[product]
}

// Refresh indexes the catalog anew.
func (i *Index) Refresh(c *Catalog) {
	words := make(map[string][]int)
	prices := make([]int64, len(c.products))
	for n, product := range c.products {
		prices[n] = product.Cents
		for _, word := range strings.Fields(strings.ToLower(product.Name)) {
			words[word] = append(words[word], n)
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.words, i.prices = words, prices
}
