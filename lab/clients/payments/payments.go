// Package payments is the client of the payment provider.
package payments

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to the payment provider over one shared transport.
type Client struct {
	base string
	http *http.Client
}

// NewClient calls the provider at addr.
func NewClient(addr string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 200}
	return &Client{base: "http://" + addr, http: &http.Client{Transport: transport}}
}

// Authorize reserves an amount on a card.
func (c *Client) Authorize(ctx context.Context, card string, cents int64) error {
	form := url.Values{"card": {card}, "cents": {fmt.Sprint(cents)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/authorize", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("authorize: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("authorize: %s", res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
