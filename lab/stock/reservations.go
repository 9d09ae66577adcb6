// Package stock knows what is in the warehouse and what is promised already.
package stock

import (
	"bytes"
	"context"
)

// Hold keeps the articles of a basket back while the visitor makes up their mind.
type Hold struct {
	// Release puts the articles back.
	Release context.CancelFunc

	ctx    context.Context
	basket []byte
}

type holdKey struct{}

// Reservations makes holds.
type Reservations struct{}

// Hold reserves the articles of a basket until its Release or the end of the context.
func (r *Reservations) Hold(ctx context.Context, basket []byte) *Hold {
	hold := &Hold{basket: append(make([]byte, 0, len(basket)), basket...)}
	hold.ctx, hold.Release = context.WithCancel(context.WithValue(ctx, holdKey{}, hold))
	return hold
}

// Articles counts what is held back.
func (h *Hold) Articles() int { return bytes.Count(h.basket, []byte("\n")) }
