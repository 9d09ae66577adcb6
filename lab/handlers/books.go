package handlers

import (
	"net/http"

	"shop/clients/payments"
	"shop/httpapi"
	"shop/store"
)

// Books answers the routes that read and write the database.
type Books struct {
	Orders   *store.Orders
	Invoices *store.Invoices
	Payments *payments.Client
}

// Latest shows the newest order.
func (b *Books) Latest(w http.ResponseWriter, r *http.Request) error {
	order, err := b.Orders.Latest()
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, order)
}

// Place takes an order.
func (b *Books) Place(w http.ResponseWriter, r *http.Request) error {
	if err := b.Orders.Place(r.Context(), "o-1042", b.Payments); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "placed")
}

// Count shows the number of orders.
func (b *Books) Count(w http.ResponseWriter, r *http.Request) error {
	count, err := b.Orders.Count(r.Context())
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, count)
}

// Total shows the number of invoice lines.
func (b *Books) Total(w http.ResponseWriter, r *http.Request) error {
	total, err := b.Invoices.Total(r.Context())
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, total)
}
