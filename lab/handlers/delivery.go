package handlers

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"shop/clients/fraud"
	"shop/clients/mail"
	"shop/clients/tax"
	"shop/exports"
	"shop/httpapi"
	"shop/shipping"
)

// Delivery answers the routes that ask other services.
type Delivery struct {
	Estimator *shipping.Estimator
	Tax       *tax.Client
	Fraud     *fraud.Client
	Mail      *mail.Checker
	Feed      *exports.Feed

	customers int64
}

// Estimate says when a parcel arrives.
func (d *Delivery) Estimate(w http.ResponseWriter, r *http.Request) error {
	zone, err := d.Estimator.Estimate(r.Context(), "10115")
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, zone)
}

// Rate shows a country's tax.
func (d *Delivery) Rate(w http.ResponseWriter, r *http.Request) error {
	if err := d.Tax.Rate(r.Context(), "de"); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "19 %")
}

// Check lets the fraud checker look at an order.
func (d *Delivery) Check(w http.ResponseWriter, r *http.Request) error {
	if err := d.Fraud.Check(r.Context(), "o-1042"); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "honest")
}

// Register checks a new customer's mail address.
func (d *Delivery) Register(w http.ResponseWriter, r *http.Request) error {
	customer := atomic.AddInt64(&d.customers, 1)
	if err := d.Mail.Check(r.Context(), fmt.Sprintf("jo@customer-%d.example.", customer)); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "welcome")
}

// Download sends the product feed. A client that hangs up needs no answer.
func (d *Delivery) Download(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/csv")
	_ = d.Feed.Write(w)
	return nil
}
