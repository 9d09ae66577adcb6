// Package tax is the client of the tax service.
package tax

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// maxConns is how many connections the tax service's contract allows.
const maxConns = 4

// Client asks for tax rates.
type Client struct {
	base string
	http *http.Client
}

// NewClient calls the tax service at addr.
func NewClient(addr string) *Client {
	transport := &http.Transport{MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns}
	return &Client{base: "http://" + addr, http: &http.Client{Transport: transport}}
}

// Rate checks that a country's rate is known.
func (c *Client) Rate(ctx context.Context, country string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/rates/"+country, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("rate of %s: %w", country, err)
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
