// Package reviews is the client of the review service.
package reviews

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Client asks the review service for scores.
type Client struct {
	base string
	http *http.Client
}

// NewClient calls the review service at addr.
func NewClient(addr string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 50}
	return &Client{base: "http://" + addr, http: &http.Client{Transport: transport}}
}

// Score checks that the service knows all products.
func (c *Client) Score(products []string) error {
	query, err := json.Marshal(map[string][]string{"products": products})
	if err != nil {
		return err
	}
	res, err := c.http.Post(c.base+"/scores", "application/json", bytes.NewReader(query))
	if err != nil {
		return fmt.Errorf("scores: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("scores: %s", res.Status)
	}
	return nil
}
