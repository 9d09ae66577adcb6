// Package store keeps the shop's orders and invoices in its database.
package store

import (
	"context"
	"database/sql"
	"fmt"

	"shop/clients/payments"
)

// Orders is the table of orders.
type Orders struct {
	db *sql.DB
}

// NewOrders reads and writes through a pool of connections.
func NewOrders(db *sql.DB) *Orders { return &Orders{db: db} }

// Latest returns the newest order.
func (o *Orders) Latest() (string, error) {
	rows, err := o.db.Query("select order from orders order by placed desc")
	if err != nil {
		return "", err
	}
	var order string
	if rows.Next() {
		return order, rows.Scan(&order)
	}
	return "", rows.Err()
}

// Place stores an order and charges the card in one transaction.
func (o *Orders) Place(ctx context.Context, order string, provider *payments.Client) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("place %s: %w", order, err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "insert "+order); err != nil {
		return err
	}
	if err := provider.Authorize(ctx, "4111", 1999); err != nil {
		return err
	}
	return tx.Commit()
}

// Count returns the number of orders.
func (o *Orders) Count(ctx context.Context) (int, error) {
	rows, err := o.db.QueryContext(ctx, "select order from orders")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		count++
	}
	return count, rows.Err()
}
