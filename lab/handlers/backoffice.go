package handlers

import (
	"net/http"
	"sync/atomic"
	"time"

	"shop/catalog"
	"shop/counters"
	"shop/currency"
	"shop/feeds"
	"shop/httpapi"
	"shop/imaging"
	"shop/inventory"
	"shop/notify"
	"shop/reports"
)

// BackOffice answers the routes of the people who run the shop.
type BackOffice struct {
	Shelf    *inventory.Shelf
	Catalog  *catalog.Catalog
	Index    *catalog.Index
	Reports  *reports.Builder
	Importer *feeds.Importer
	Hub      *notify.Hub
	Rates    *currency.Rates
	Counters *counters.Registry
	Studio   *imaging.Studio

	pictures int64
}

// Sell takes an article off the shelf.
func (b *BackOffice) Sell(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, b.Shelf.Sell())
}

// Restock puts an article on the shelf.
func (b *BackOffice) Restock(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, b.Shelf.Warehouse().Restock(b.Shelf))
}

// Find searches the catalog; the terminal shows one product after the other.
func (b *BackOffice) Find(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, b.Index.Search("chair", func() { time.Sleep(time.Millisecond) }))
}

// Reindex indexes the catalog anew.
func (b *BackOffice) Reindex(w http.ResponseWriter, r *http.Request) error {
	b.Index.Refresh(b.Catalog)
	return httpapi.WriteJSON(w, "indexed")
}

// Report builds the report of the day.
func (b *BackOffice) Report(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, b.Reports.Build())
}

// Import reads the suppliers' price lists.
func (b *BackOffice) Import(w http.ResponseWriter, r *http.Request) error {
	lines, err := b.Importer.Import()
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, lines)
}

// Tell sends a message to a customer.
func (b *BackOffice) Tell(w http.ResponseWriter, r *http.Request) error {
	b.Hub.Tell("your parcel is on its way")
	return httpapi.WriteJSON(w, "told")
}

// Convert shows a price in another currency.
func (b *BackOffice) Convert(w http.ResponseWriter, r *http.Request) error {
	cents, err := b.Rates.Convert(1999)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, cents)
}

// Count counts one event.
func (b *BackOffice) Count(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, b.Counters.Add("page-view"))
}

// Draw draws a product picture.
func (b *BackOffice) Draw(w http.ResponseWriter, r *http.Request) error {
	canvas := b.Studio.Lend(int(atomic.AddInt64(&b.pictures, 1)))
	return httpapi.WriteJSON(w, canvas.Draw())
}
