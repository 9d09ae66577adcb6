package lab

import (
	"errors"
	"expvar"
	"net"
	"net/http"
	"net/http/pprof"

	"shop/internal/prom"
	"shop/profilerates"
)

// debugServer is the operator's listener: pprof with the lease of its rates, expvar and metrics, on a mux of its own.
type debugServer struct {
	listener net.Listener
	http     *http.Server
	metrics  *prom.Exporter
}

func openDebug(addr string) (*debugServer, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	metrics := prom.NewExporter()
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/debug/gofire/profile-rates", profilerates.Handler(profilerates.Settings{}))
	mux.Handle("/debug/vars", expvar.Handler())
	mux.Handle("/metrics", metrics)
	d := &debugServer{listener: listener, http: &http.Server{Handler: mux}, metrics: metrics}
	go func() {
		if err := d.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			report(err)
		}
	}()
	return d, nil
}

func (d *debugServer) close() { _ = d.http.Close() }
