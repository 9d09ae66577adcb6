package handlers

import (
	"bytes"
	"net/http"

	"shop/audit"
	"shop/backups"
	"shop/catalog"
	"shop/documents"
	"shop/httpapi"
	"shop/previews"
	"shop/pricing"
	"shop/recommend"
	"shop/refunds"
	"shop/search"
	"shop/thumbnails"
	"shop/uploads"
	"shop/visits"
)

// Engine answers the routes that need memory, processors, files or other programs.
type Engine struct {
	Trail     *audit.Trail
	Recommend *recommend.Engine
	Previews  *previews.Renderer
	Archive   *documents.Archive
	Spool     *uploads.Spool
	Exporter  *catalog.Exporter
	Repricer  *pricing.Repricer
	Renderer  *thumbnails.Renderer
	Visits    *visits.Counter
	Refunds   *refunds.Desk
	Backup    *backups.Copy
	// Names are what searches look through.
	Names []string
}

// Audit remembers the request.
func (e *Engine) Audit(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Trail.Record(bytes.Repeat([]byte("who did what; "), 4681)))
}

// Suggest recommends a product.
func (e *Engine) Suggest(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Recommend.Suggest(len(r.RemoteAddr), 40_000))
}

// Preview renders the previews of a page.
func (e *Engine) Preview(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Previews.Render(1000, 64))
}

// Popular shows a preview that is kept in memory.
func (e *Engine) Popular(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Previews.Popular(len(r.RemoteAddr)))
}

// File adds an invoice to the archive.
func (e *Engine) File(w http.ResponseWriter, r *http.Request) error {
	if err := e.Archive.Append("invoice o-1042"); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, "filed")
}

// Spooled takes a document.
func (e *Engine) Spooled(w http.ResponseWriter, r *http.Request) error {
	name, err := e.Spool.Save([]byte("a scanned form"))
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, name)
}

// searchesPerBatch is how many lines the search log ships at once.
const searchesPerBatch = 150

// SearchLog parses a batch of the search log.
func (e *Engine) SearchLog(w http.ResponseWriter, r *http.Request) error {
	words := 0
	for line := 0; line < searchesPerBatch; line++ {
		words += len(search.Parse("oak garden chair under 120,00 eur sku-0000042").Words)
	}
	return httpapi.WriteJSON(w, words)
}

// Search ranks the catalog.
func (e *Engine) Search(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, search.Rank("garden chair no. 42", e.Names)[:10])
}

// Export renders the catalog for a partner.
func (e *Engine) Export(w http.ResponseWriter, r *http.Request) error {
	document, err := e.Exporter.Render()
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, len(document))
}

// Reprice works out new prices.
func (e *Engine) Reprice(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Repricer.Reprice())
}

// Thumbnail makes a small picture.
func (e *Engine) Thumbnail(w http.ResponseWriter, r *http.Request) error {
	picture, err := e.Renderer.Render()
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, picture)
}

// Visit counts the pages of a visit.
func (e *Engine) Visit(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Visits.Hit(20_000))
}

// Verify checks the nightly backup.
func (e *Engine) Verify(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, e.Backup.Checksum())
}

// Refund pays money back.
func (e *Engine) Refund(w http.ResponseWriter, r *http.Request) error {
	e.Refunds.Approve("o-404")
	return httpapi.WriteJSON(w, "soon")
}
