// Package handlers answers the shop's HTTP routes.
package handlers

import (
	"net/http"

	"shop/carts"
	"shop/clients/payments"
	"shop/httpapi"
	"shop/ledger"
	"shop/pricing"
)

// Checkout answers the routes between cart and receipt.
type Checkout struct {
	Ledger   *ledger.Store
	Quoter   *pricing.Quoter
	Payments *payments.Client
	Carts    *carts.Store
}

// Book posts an earning to the ledger.
func (c *Checkout) Book(w http.ResponseWriter, r *http.Request) error {
	balance, err := c.Ledger.Post(ledger.Entry{Account: "sales", Cents: 1999})
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, map[string]int64{"balance": balance})
}

// Quote prices the delivery.
func (c *Checkout) Quote(w http.ResponseWriter, r *http.Request) error {
	quote, err := c.Quoter.Quote(r.Context(), "parcel-post", 1250)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, quote)
}

// Pay authorizes the payment.
func (c *Checkout) Pay(w http.ResponseWriter, r *http.Request) error {
	if err := c.Payments.Authorize(r.Context(), "4111", 1999); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "paid")
}

// Cart shows the customer's cart.
func (c *Checkout) Cart(w http.ResponseWriter, r *http.Request) error {
	cart, err := c.Carts.Load(r.Context(), "c-1042")
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, cart)
}

// Merge adds a guest's cart to the customer's.
func (c *Checkout) Merge(w http.ResponseWriter, r *http.Request) error {
	if err := c.Carts.Merge(r.Context(), "c-1042", "g-7"); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "merged")
}
