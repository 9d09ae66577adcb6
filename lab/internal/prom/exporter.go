// Package prom writes the process's metrics in the Prometheus text format with the standard library alone, under the
// names and with the buckets that prometheus/client_golang v1.20 and later gives them: the default Go and process
// collectors, plus every runtime/metrics family of collectors.WithGoCollectorRuntimeMetrics(MetricsAll).
//
// https://github.com/prometheus/client_golang/tree/v1.20.0/prometheus (go_collector.go, process_collector.go)
package prom

import (
	"bytes"
	"net/http"
	"sort"
	"sync"
)

// Exporter answers GET /metrics.
type Exporter struct {
	mu     sync.Mutex
	played map[string]func() []Family
}

// NewExporter exports the Go runtime and the process.
func NewExporter() *Exporter { return &Exporter{played: make(map[string]func() []Family)} }

// Play adds families that another program would export; call the returned function to end it.
func (e *Exporter) Play(name string, families func() []Family) (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.played[name] = families
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.played, name)
	}
}

// ServeHTTP writes all families, sorted by name.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(e.text())
}

func (e *Exporter) text() []byte {
	families := append(collectorFamilies(), runtimeFamilies()...)
	families = append(families, processFamilies()...)
	e.mu.Lock()
	for _, play := range e.played {
		families = append(families, play()...)
	}
	e.mu.Unlock()
	sort.SliceStable(families, func(i, j int) bool { return families[i].Name < families[j].Name })
	var text bytes.Buffer
	for _, family := range families {
		family.write(&text)
	}
	return text.Bytes()
}
