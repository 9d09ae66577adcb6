package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"shop/accesslog"
	"shop/catalog"
	"shop/handlers"
	"shop/httpapi"
)

// Shop is the running service: its two listeners and the modes switched on.
type Shop struct {
	router *httpapi.Router
	server *httpapi.Server
	log    *accesslog.Logger
	api    net.Listener
	debug  *debugServer
	ticker Ticker

	parkMain chan struct{}
	parkOnce sync.Once

	mu      sync.Mutex
	running map[string]*Site
}

// Open listens on both addresses and serves.
func Open(httpAddr, debugAddr string) (*Shop, error) {
	api, err := net.Listen("tcp", httpAddr)
	if err != nil {
		return nil, err
	}
	debug, err := openDebug(debugAddr)
	if err != nil {
		_ = api.Close()
		return nil, err
	}
	shop := &Shop{
		router: httpapi.NewRouter(), log: accesslog.New(io.Discard), api: api, debug: debug,
		parkMain: make(chan struct{}), running: make(map[string]*Site),
	}
	front := &handlers.Shopfront{Catalog: catalog.New(1000)}
	shop.router.Handle("GET", "/healthz", front.Health)
	shop.router.Handle("GET", "/catalog", front.Page)
	shop.server = httpapi.NewServer(shop.router, shop.log, shop.switchboard())
	go func() { report(shop.server.Serve(api)) }()
	return shop, nil
}

func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
	}
}

// HTTPAddr is the host and port of the shop's API and of the switchboard.
func (s *Shop) HTTPAddr() string { return s.api.Addr().String() }

// DebugAddr is the host and port of pprof, expvar and /metrics.
func (s *Shop) DebugAddr() string { return s.debug.listener.Addr().String() }

// MainParks is closed when a mode wants the main goroutine to have nothing left to do.
func (s *Shop) MainParks() <-chan struct{} { return s.parkMain }

// Start switches a mode on. Scale 0 is the mode's default.
func (s *Shop) Start(name string, scale int) error {
	mode, ok := find(name)
	if !ok {
		return fmt.Errorf("no mode %q", name)
	}
	if scale <= 0 {
		scale = mode.Scale
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, on := s.running[name]; on {
		return fmt.Errorf("mode %q is on already", name)
	}
	site := &Site{Scale: scale, shop: s}
	err := mode.start(site)
	if err == nil && !mode.alone {
		err = site.browse(8)
	}
	if err != nil {
		site.stop()
		return fmt.Errorf("mode %q: %w", name, err)
	}
	s.running[name] = site
	return nil
}

// Stop switches a mode off and tells whether it was on.
func (s *Shop) Stop(name string) bool {
	s.mu.Lock()
	site, on := s.running[name]
	delete(s.running, name)
	s.mu.Unlock()
	if on {
		site.stop()
	}
	return on
}

// Running lists the modes switched on with their scale.
func (s *Shop) Running() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	scales := make(map[string]int, len(s.running))
	for name, site := range s.running {
		scales[name] = site.Scale
	}
	return scales
}

// Close switches everything off and drops every connection.
func (s *Shop) Close() {
	for name := range s.Running() {
		s.Stop(name)
	}
	_ = s.server.Close()
	s.debug.close()
}
