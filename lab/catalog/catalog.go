// Package catalog knows what the shop sells.
package catalog

import (
	"encoding/json"
	"fmt"
)

// Product is one article.
type Product struct {
	SKU    string   `json:"sku"`
	Name   string   `json:"name"`
	Cents  int64    `json:"cents"`
	Colors []string `json:"colors"`
}

// Catalog is the list of all products.
type Catalog struct {
	products []Product
}

// New makes a catalog of that many products.
func New(products int) *Catalog {
	c := &Catalog{products: make([]Product, products)}
	for i := range c.products {
		c.products[i] = Product{
			SKU: fmt.Sprintf("sku-%07d", i), Name: fmt.Sprintf("Garden chair No. %d", i),
			Cents: int64(i*7919%20000) + 99, Colors: []string{"black", "oak", "white"},
		}
	}
	return c
}

// Page renders one page of the catalog as JSON.
func (c *Catalog) Page(first, count int) ([]byte, error) {
	last := first + count
	if first > len(c.products) {
		first = len(c.products)
	}
	if last > len(c.products) {
		last = len(c.products)
	}
	return json.Marshal(c.products[first:last])
}
