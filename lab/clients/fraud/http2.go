//go:build !go1.26

package fraud

import "net/http"

// shareOneConn cannot be had before Go 1.26.
func shareOneConn(*http.Transport) {}
