// Package world plays everything outside the shop: its customers and the services it calls.
//
// It runs in a process of its own, so that the shop's profiles hold the shop's goroutines only. The shop drives it with
// one JSON command per line and gets one JSON reply per line. It ends when its standard input is closed.
package world

// Command asks the world for exactly one thing.
type Command struct {
	Serve *Upstream `json:"serve,omitempty"`
	Visit *Load     `json:"visit,omitempty"`
}

// Reply answers one command.
type Reply struct {
	// Addr is where an upstream listens.
	Addr string `json:"addr,omitempty"`
	// Authority is the certificate, in PEM, to trust for an upstream behind TLS.
	Authority []byte `json:"authority,omitempty"`
	Error     string `json:"error,omitempty"`
}

// Upstream is a service the shop calls.
type Upstream struct {
	// Kind is one of the keys of upstreams, or "http2".
	Kind string `json:"kind"`
	// DelayMs is how long an answer takes; negative is for ever.
	DelayMs int `json:"delayMs"`
	// Bytes is the size of an answer's body, where the kind has one.
	Bytes int `json:"bytes,omitempty"`
	// Path is the file of a "file-lock".
	Path string `json:"path,omitempty"`
}

// Load is a crowd of customers of the shop.
type Load struct {
	// Kind is one of the keys of loads.
	Kind string `json:"kind"`
	// Addr is the host and port they come to.
	Addr string `json:"addr"`
	// Method and Path of their requests; Body is sent with them.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	Body   string `json:"body,omitempty"`
	// AtOnce customers come immediately, then PerSecond more each second until Total have come (0: without end).
	AtOnce    int     `json:"atOnce"`
	PerSecond float64 `json:"perSecond,omitempty"`
	Total     int     `json:"total,omitempty"`
	// AtMost is how many may be there at a time (0: any number); who finds it full goes away.
	AtMost int `json:"atMost,omitempty"`
	// Repeat makes every customer come again after PauseMs, for ever.
	Repeat  bool `json:"repeat,omitempty"`
	PauseMs int  `json:"pauseMs,omitempty"`
}
