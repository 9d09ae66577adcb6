// Package sessions knows who is in the shop.
package sessions

import "context"

// Session is a visitor's context: it ends when they leave the shop, not with any one request.
type Session struct {
	context.Context
	left chan struct{}
}

// Begin lets a visitor in.
func Begin() *Session {
	return &Session{Context: context.Background(), left: make(chan struct{})}
}

// Done is closed when the visitor leaves.
func (s *Session) Done() <-chan struct{} { return s.left }

// Err is context.Canceled once the visitor has left.
func (s *Session) Err() error {
	select {
	case <-s.left:
		return context.Canceled
	default:
		return nil
	}
}

// Leave ends the session.
func (s *Session) Leave() { close(s.left) }
