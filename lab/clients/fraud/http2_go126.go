//go:build go1.26

package fraud

import "net/http"

// shareOneConn keeps all requests on one HTTP/2 connection, as the fraud checker's contract asks for.
func shareOneConn(transport *http.Transport) {
	transport.HTTP2 = &http.HTTP2Config{StrictMaxConcurrentRequests: true}
}
