package lab

import (
	"shop/httpapi"
	"shop/internal/world"
)

// Site is the shop as one running mode sees it: where to hang routes, how large to be, and the world outside.
type Site struct {
	// Scale is the size asked for, in the mode's unit.
	Scale int

	shop     *Shop
	outside  *world.Outside
	settings map[string]setting
	undo     []func()
}

// handle hangs a shop route.
func (s *Site) handle(method, path string, handler httpapi.Handler) {
	s.shop.router.Handle(method, path, handler)
}

// onStop runs undo, the last one first, when the mode is stopped.
func (s *Site) onStop(undo func()) { s.undo = append(s.undo, undo) }

func (s *Site) stop() {
	if s.outside != nil {
		s.outside.Close()
		s.outside = nil
	}
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

// launch starts the world outside once.
func (s *Site) launch() (*world.Outside, error) {
	if s.outside == nil {
		outside, err := world.Launch()
		if err != nil {
			return nil, err
		}
		s.outside = outside
	}
	return s.outside, nil
}

// upstream opens a service that the shop calls and returns its host and port.
func (s *Site) upstream(upstream world.Upstream) (string, error) {
	outside, err := s.launch()
	if err != nil {
		return "", err
	}
	return outside.Serve(upstream)
}

// upstreamTLS opens a service behind TLS and also returns the certificate to trust, in PEM.
func (s *Site) upstreamTLS(upstream world.Upstream) (addr string, authority []byte, err error) {
	outside, err := s.launch()
	if err != nil {
		return "", nil, err
	}
	return outside.ServeTLS(upstream)
}

// visit sends customers; without an address they come to the shop's own HTTP listener.
func (s *Site) visit(load world.Load) error {
	outside, err := s.launch()
	if err != nil {
		return err
	}
	if load.Addr == "" {
		load.Addr = s.shop.HTTPAddr()
	}
	if load.Kind == "" {
		load.Kind = "requests"
	}
	return outside.Visit(load)
}

// comeAndGo is the pace of customers who wait when they have to and come for ever: three quarters of Scale at once, then 6 a
// second, and never more than Scale at a time.
func (s *Site) comeAndGo(method, path string) error {
	return s.visit(world.Load{Method: method, Path: path, AtOnce: s.Scale * 3 / 4, PerSecond: 6, AtMost: s.Scale})
}

// leakVisits is the usual pace of a leak: 120 requests at once, then 15 a second until Scale have come.
func (s *Site) leakVisits(method, path string) error {
	return s.visit(world.Load{Method: method, Path: path, AtOnce: least(120, s.Scale), PerSecond: 15, Total: s.Scale})
}

// pileVisits is the usual pace of a pile-up: three quarters at once, then 6 a second until Scale have come.
func (s *Site) pileVisits(method, path string) error {
	return s.visit(world.Load{Method: method, Path: path, AtOnce: s.Scale * 3 / 4, PerSecond: 6, Total: s.Scale})
}

// browse lets ordinary visitors leaf through the catalog, perSecond pages of about 100 kB in all. They keep the garbage
// collector at work, as in any live service: wait times in goroutine dumps and in-use heap samples are as of the last
// collection.
func (s *Site) browse(perSecond int) error {
	const visitors = 2
	return s.visit(world.Load{
		Method: "GET", Path: "/catalog", AtOnce: visitors, Repeat: true, PauseMs: visitors * 1000 / perSecond,
	})
}

func least(a, b int) int {
	if a < b {
		return a
	}
	return b
}
