// Package refunds pays money back.
package refunds

// Refund is money to pay back, in cents.
type Refund struct {
	Order string
	Cents int64
}

// Desk approves refunds in the background.
type Desk struct {
	refunds map[string]*Refund
	paid    int64
}

// NewDesk has no refunds to approve.
func NewDesk() *Desk { return &Desk{refunds: make(map[string]*Refund)} }

// Approve pays an order's refund.
func (d *Desk) Approve(order string) { go d.pay(order) }

func (d *Desk) pay(order string) {
	refund := d.refunds[order]
	d.paid += refund.Cents
}
