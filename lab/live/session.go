// Package live keeps a line open to every browser, over upgraded connections.
package live

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// pingEvery keeps the line from looking dead to middleboxes.
const pingEvery = 30 * time.Second

// Session is one open line.
type Session struct {
	conn net.Conn
	in   *bufio.Reader
	out  chan string
	done chan struct{}
}

// Upgrade takes the connection over from the HTTP server.
func Upgrade(w http.ResponseWriter) (*Session, error) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil, errors.New("live: connection cannot be upgraded")
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		return nil, err
	}
	answer := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shop-live\r\n\r\n"
	if _, err := conn.Write([]byte(answer)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &Session{conn: conn, in: buffered.Reader, out: make(chan string, 8), done: make(chan struct{})}, nil
}

// Run serves the line until the browser hangs up.
func (s *Session) Run() {
	go s.writeLoop()
	s.readLoop()
	close(s.done)
	_ = s.conn.Close()
}

func (s *Session) readLoop() {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		select {
		case s.out <- "heard: " + line:
		default:
		}
	}
}

func (s *Session) writeLoop() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		line := "ping\n"
		select {
		case line = <-s.out:
		case <-ping.C:
		case <-s.done:
			return
		}
		if _, err := s.conn.Write([]byte(line)); err != nil {
			return
		}
	}
}
