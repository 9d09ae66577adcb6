// Package partner serves the API for resellers, over TLS.
package partner

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
)

// API is the resellers' listener.
type API struct {
	http     *http.Server
	listener net.Listener
}

// NewAPI listens on addr with a certificate.
func NewAPI(addr string, certificate tls.Certificate) (*API, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &API{
		listener: listener,
		http: &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "welcome, partner\n")
			}),
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		},
	}, nil
}

// Addr is the listener's host and port.
func (a *API) Addr() string { return a.listener.Addr().String() }

// Serve answers resellers until Close.
func (a *API) Serve() error {
	if err := a.http.ServeTLS(a.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close drops every connection.
func (a *API) Close() error { return a.http.Close() }
