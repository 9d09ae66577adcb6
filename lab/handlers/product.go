package handlers

import (
	"fmt"
	"net/http"

	"shop/clients/reviews"
	"shop/httpapi"
	"shop/orders"
)

// Product answers the routes of a product page.
type Product struct {
	Reviews *reviews.Client
}

// Scores shows how customers like the products of a page.
func (p *Product) Scores(w http.ResponseWriter, r *http.Request) error {
	products := make([]string, 1000)
	for i := range products {
		products[i] = fmt.Sprintf("sku-%012d", i)
	}
	if err := p.Reviews.Score(products); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "ok")
}

// Orders answers the routes about placed orders.
type Orders struct {
	Feed *orders.Feed
}

// Status reports the events that come while it is asked.
func (o *Orders) Status(w http.ResponseWriter, r *http.Request) error {
	events := make(chan orders.Event, 16)
	unfollow := o.Feed.Follow(func(event orders.Event) { events <- event })
	defer unfollow()
	return httpapi.WriteJSON(w, len(events))
}
