package handlers

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"shop/exports"
	"shop/httpapi"
	"shop/mirror"
	"shop/promotions"
	"shop/sessions"
	"shop/stock"
	"shop/tracking"
	"shop/uploads"
)

// Visit answers the routes of a visitor who is looking around.
type Visit struct {
	Session      *sessions.Session
	Reservations *stock.Reservations
	Parcels      *tracking.Parcels
	Mirror       *mirror.Mirror
	Archive      *exports.Archive
}

// Reserve holds the basket's articles back while the price is worked out.
func (v *Visit) Reserve(w http.ResponseWriter, r *http.Request) error {
	basket := bytes.Repeat([]byte("sku-0000042;1;1999\n"), 1024)
	hold := v.Reservations.Hold(v.Session, basket)
	return httpapi.WriteJSON(w, hold.Articles())
}

// Parcel shows where a parcel is.
func (v *Visit) Parcel(w http.ResponseWriter, r *http.Request) error {
	unwatch := v.Parcels.Watch(v.Session, "parcel-77")
	w.Header().Set("X-Refresh", "5")
	if r.URL.Query().Get("once") != "" {
		defer unwatch()
	}
	return httpapi.WriteJSON(w, "on its way")
}

// Courier shows where the van is.
func (v *Visit) Courier(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, tracking.Locate(5*time.Second).Position())
}

// Attach adds a mirror site.
func (v *Visit) Attach(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, v.Mirror.Attach())
}

// Upload takes the first part of a picture.
func (v *Visit) Upload(w http.ResponseWriter, r *http.Request) error {
	upload := uploads.Begin(new(bytes.Buffer))
	upload.Add([]byte("first part"))
	return httpapi.WriteJSON(w, "go on")
}

// Journal shows whether an export is ready.
func (v *Visit) Journal(w http.ResponseWriter, r *http.Request) error {
	packed, err := exports.Peek(v.Archive.Open())
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, packed)
}

// itemsPerBasket is how many items a large basket has.
const itemsPerBasket = 500

// Remind sets a reminder for every item of the basket.
func (v *Visit) Remind(w http.ResponseWriter, r *http.Request) error {
	pending := 0
	for item := 0; item < itemsPerBasket; item++ {
		if promotions.Remind(context.Background(), item).Pending() {
			pending++
		}
	}
	return httpapi.WriteJSON(w, pending)
}

// Claim takes a voucher for every item of the basket.
func (v *Visit) Claim(w http.ResponseWriter, r *http.Request) error {
	vouchers := make(chan int, itemsPerBasket)
	claimed := 0
	for item := 0; item < itemsPerBasket; item++ {
		vouchers <- item
		if _, ok := promotions.Claim(vouchers); ok {
			claimed++
		}
	}
	return httpapi.WriteJSON(w, claimed)
}
