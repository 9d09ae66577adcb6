package catalog

import "encoding/json"

// Exporter renders the catalog for partners, who each want other fields.
type Exporter struct {
	catalog *Catalog
}

// NewExporter renders a catalog.
func NewExporter(c *Catalog) *Exporter { return &Exporter{catalog: c} }

// Render returns all products as JSON objects.
func (e *Exporter) Render() ([]byte, error) {
	objects := make([]map[string]interface{}, len(e.catalog.products))
	for i, product := range e.catalog.products {
		objects[i] = map[string]interface{}{
			"id": product.SKU, "title": product.Name, "price": float64(product.Cents) / 100, "colors": product.Colors,
			"available": product.Cents%2 == 0,
		}
	}
	return json.Marshal(objects)
}
