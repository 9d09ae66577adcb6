package handlers

import (
	"net/http"
	"time"

	"shop/clients/payments"
	"shop/httpapi"
	"shop/live"
	"shop/telemetry"
)

// Live answers the routes that stay open, and the ones that are measured.
type Live struct {
	Inbox     *live.Inbox
	Payments  *payments.Client
	Telemetry *telemetry.Exporter
}

// Socket keeps a line open in both directions.
func (l *Live) Socket(w http.ResponseWriter, r *http.Request) error {
	session, err := live.Upgrade(w)
	if err != nil {
		return err
	}
	session.Run()
	return nil
}

// Events sends the number of visitors four times a second.
func (l *Live) Events(w http.ResponseWriter, r *http.Request) error {
	live.Stream(r.Context(), w, 250*time.Millisecond)
	return nil
}

// Poll waits for news.
func (l *Live) Poll(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, l.Inbox.Poll(r.Context()))
}

// Pay authorizes a payment and measures it.
func (l *Live) Pay(w http.ResponseWriter, r *http.Request) error {
	began := time.Now()
	err := l.Payments.Authorize(r.Context(), "4111", 1999)
	if l.Telemetry != nil {
		l.Telemetry.End(telemetry.Span{Name: "pay", Took: time.Since(began)})
	}
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "paid")
}
