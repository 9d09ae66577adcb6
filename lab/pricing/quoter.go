// Package pricing knows what things cost.
package pricing

import (
	"context"
	"hash/fnv"
	"time"
)

// Quote is a carrier's offer, in cents.
type Quote struct {
	Carrier string `json:"carrier"`
	Cents   int64  `json:"cents"`
}

// Quoter asks a carrier for a price and does not wait longer than Patience.
type Quoter struct {
	// Patience bounds one Quote.
	Patience time.Duration
	// AnswerTime is how long the carrier's tariff engine takes.
	AnswerTime time.Duration
}

// Quote returns the carrier's offer for a parcel.
func (q *Quoter) Quote(ctx context.Context, carrier string, grams int) (Quote, error) {
	ctx, cancel := context.WithTimeout(ctx, q.Patience)
	defer cancel()
	offers := make(chan Quote)
	go q.ask(carrier, grams, offers)
	select {
	case offer := <-offers:
		return offer, nil
	case <-ctx.Done():
		return Quote{}, ctx.Err()
	}
}

func (q *Quoter) ask(carrier string, grams int, offers chan<- Quote) {
	time.Sleep(q.AnswerTime)
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(carrier))
	offers <- Quote{Carrier: carrier, Cents: int64(hash.Sum32()%900) + int64(grams)/10}
}
