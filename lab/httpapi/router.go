package httpapi

import (
	"net/http"
	"sync"
)

// Handler answers one request; a returned error becomes the answer.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Router maps "METHOD /path" to handlers. Routes may be added while it serves.
type Router struct {
	mu     sync.RWMutex
	routes map[string]Handler
}

// NewRouter has no routes.
func NewRouter() *Router { return &Router{routes: make(map[string]Handler)} }

// Handle adds or replaces the handler of one exact method and path.
func (r *Router) Handle(method, path string, handler Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes[method+" "+path] = handler
}

// Lookup finds the handler of one exact method and path.
func (r *Router) Lookup(method, path string) (Handler, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	handler, ok := r.routes[method+" "+path]
	return handler, ok
}
