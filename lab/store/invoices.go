package store

import (
	"context"
	"database/sql"
)

// Invoices is the table of invoices and their lines.
type Invoices struct {
	db *sql.DB
}

// NewInvoices reads through a pool of connections.
func NewInvoices(db *sql.DB) *Invoices { return &Invoices{db: db} }

// Total counts the lines of all invoices.
func (i *Invoices) Total(ctx context.Context) (int, error) {
	invoices, err := i.db.QueryContext(ctx, "select invoice from invoices")
	if err != nil {
		return 0, err
	}
	defer invoices.Close()
	total := 0
	for invoices.Next() {
		var invoice string
		if err := invoices.Scan(&invoice); err != nil {
			return 0, err
		}
		lines, err := i.lines(ctx, invoice)
		if err != nil {
			return 0, err
		}
		total += lines
	}
	return total, invoices.Err()
}

func (i *Invoices) lines(ctx context.Context, invoice string) (int, error) {
	lines, err := i.db.QueryContext(ctx, "select line from lines where invoice="+invoice)
	if err != nil {
		return 0, err
	}
	defer lines.Close()
	count := 0
	for lines.Next() {
		count++
	}
	return count, lines.Err()
}
