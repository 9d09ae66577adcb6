// Package shipping says when a parcel arrives.
package shipping

import (
	"context"

	"shop/clients/geo"
)

// Estimator knows the delivery zones.
type Estimator struct {
	// AddressService is the host and port of the address service.
	AddressService string
}

// Estimate returns the delivery zone of a post code.
func (e *Estimator) Estimate(ctx context.Context, postCode string) (string, error) {
	return geo.NewClient(e.AddressService).Zone(ctx, postCode)
}
