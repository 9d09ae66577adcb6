package handlers

import (
	"net/http"
	"strconv"

	"shop/catalog"
	"shop/httpapi"
)

// Shopfront answers the routes that are always there.
type Shopfront struct {
	Catalog *catalog.Catalog
}

// Health tells that the shop is open.
func (s *Shopfront) Health(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, "open")
}

// Page shows a page of the catalog.
func (s *Shopfront) Page(w http.ResponseWriter, r *http.Request) error {
	first, _ := strconv.Atoi(r.URL.Query().Get("first"))
	page, err := s.Catalog.Page(first, 1000)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(page)
	return nil
}
