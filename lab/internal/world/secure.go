package world

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"

	"shop/internal/selfsigned"
)

// serveHTTP2 answers over TLS, HTTP/2 preferred, after the delay. Go's server allows 250 streams per connection.
func serveHTTP2(u Upstream) (string, []byte, error) {
	certificate, trusted, err := selfsigned.New()
	if err != nil {
		return "", nil, err
	}
	listener, err := listen()
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u.wait()
			_, _ = io.WriteString(w, "honest\n")
		}),
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return listener.Addr().String(), trusted, nil
}

// serveNoDNS takes datagrams and never answers.
func serveNoDNS(Upstream) (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		datagram := make([]byte, 512)
		for {
			if _, _, err := conn.ReadFrom(datagram); err != nil {
				return
			}
		}
	}()
	return conn.LocalAddr().String(), nil
}
