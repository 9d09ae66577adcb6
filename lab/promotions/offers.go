// Package promotions runs the shop's offers.
package promotions

import (
	"context"
	"time"
)

// offerLasts is how long an offer stands.
const offerLasts = time.Hour

// Reminder tells a customer before an offer ends.
type Reminder struct {
	// Dismiss ends the reminder early.
	Dismiss context.CancelFunc

	ctx  context.Context
	item int
}

// Remind sets a reminder for an item of a basket.
func Remind(ctx context.Context, item int) *Reminder {
	r := &Reminder{item: item}
	r.ctx, r.Dismiss = context.WithTimeout(ctx, offerLasts)
	return r
}

// Pending tells whether the offer still stands.
func (r *Reminder) Pending() bool { return r.ctx.Err() == nil }

// Claim takes the next voucher, or gives up when the offer is over.
func Claim(vouchers <-chan int) (int, bool) {
	select {
	case voucher := <-vouchers:
		return voucher, true
	case <-time.After(offerLasts):
		return 0, false
	}
}
