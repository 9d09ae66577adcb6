// Package mail checks that a customer's mail address can exist.
package mail

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// Checker looks domains up at a name server of its own.
type Checker struct {
	resolver *net.Resolver
}

// NewChecker asks the name server at addr.
func NewChecker(addr string) *Checker {
	return &Checker{resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "udp", addr)
		},
	}}
}

// Check finds out whether the domain of a mail address has a host.
func (c *Checker) Check(ctx context.Context, address string) error {
	_, domain, ok := strings.Cut(address, "@")
	if !ok {
		return fmt.Errorf("mail: %q has no domain", address)
	}
	if _, err := c.resolver.LookupHost(ctx, domain); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}
