// Package httpapi is the shop's HTTP front: routing, request labels, access log and error answers.
package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"time"

	"shop/accesslog"
)

// Server answers the shop's customers on one listener.
type Server struct {
	Router    *Router
	AccessLog *accesslog.Logger

	control http.Handler
	http    *http.Server
}

// NewServer serves the router, and control under /lab/ without the shop's middleware.
func NewServer(router *Router, log *accesslog.Logger, control http.Handler) *Server {
	s := &Server{Router: router, AccessLog: log, control: control}
	s.http = &http.Server{Handler: s}
	return s
}

// Serve accepts connections until Close.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close drops the listener and every connection.
func (s *Server) Close() error { return s.http.Close() }

// ServeHTTP hands control routes to the switchboard and everything else to the shop.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/lab/") {
		s.control.ServeHTTP(w, r)
		return
	}
	s.logged(w, r)
}

// logged writes one access log line per request once it is answered.
func (s *Server) logged(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	s.labelled(w, r)
	s.AccessLog.Request(r.Method, r.URL.Path, time.Since(began))
}

// labelled runs the request under a pprof label with its route.
func (s *Server) labelled(w http.ResponseWriter, r *http.Request) {
	labels := pprof.Labels("route", r.Method+" "+r.URL.Path)
	pprof.Do(r.Context(), labels, func(ctx context.Context) {
		s.route(w, r.WithContext(ctx))
	})
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	handler, ok := s.Router.Lookup(r.Method, r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := handler(w, r); err != nil {
		writeError(w, err)
	}
}

func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		status = http.StatusGatewayTimeout
	case errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
	}
	http.Error(w, err.Error(), status)
}

// WriteJSON answers with one JSON document. A client that hangs up before the end is no error.
func WriteJSON(w http.ResponseWriter, document interface{}) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n'))
	return nil
}
