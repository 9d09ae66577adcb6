// Package geo is the client of the address service.
package geo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// Client looks addresses up and remembers where the service's hosts are.
type Client struct {
	base string
	http *http.Client

	mu    sync.Mutex
	hosts []net.IPAddr
}

// knownHosts is how many hosts of the service a client remembers.
const knownHosts = 256

// NewClient calls the address service at addr.
func NewClient(addr string) *Client {
	c := &Client{base: "http://" + addr, hosts: make([]net.IPAddr, 0, knownHosts)}
	c.http = &http.Client{Transport: &http.Transport{DialContext: c.dial}}
	return c
}

// Zone returns the delivery zone of a post code.
func (c *Client) Zone(ctx context.Context, postCode string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/zones/"+postCode, nil)
	if err != nil {
		return "", err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("zone of %s: %w", postCode, err)
	}
	defer res.Body.Close()
	var zone struct{ Pad string }
	err = json.NewDecoder(res.Body).Decode(&zone)
	return zone.Pad, err
}

func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if host, ok := conn.RemoteAddr().(*net.TCPAddr); ok && len(c.hosts) < knownHosts {
		c.hosts = append(c.hosts, net.IPAddr{IP: host.IP})
	}
	return conn, nil
}
