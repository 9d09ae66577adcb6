package world

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// upstreams open a listener on the loopback and return its address.
var upstreams = map[string]func(Upstream) (string, error){
	"http":      serveHTTP,
	"silent":    serveSilence,
	"resp":      serveRESP,
	"sql":       serveSQL,
	"no-dns":    serveNoDNS,
	"file-lock": lockFile,
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// wait takes as long as the upstream is slow.
func (u Upstream) wait() {
	if u.DelayMs < 0 {
		select {}
	}
	time.Sleep(time.Duration(u.DelayMs) * time.Millisecond)
}

// serveHTTP answers every request with a JSON-like body after the delay.
func serveHTTP(u Upstream) (string, error) {
	listener, err := listen()
	if err != nil {
		return "", err
	}
	body := append([]byte(`{"ok":true,"pad":"`), bytes.Repeat([]byte("x"), u.Bytes)...)
	body = append(body, `"}`...)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		u.wait()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), nil
}

// serveSilence accepts connections, reads what comes and never answers.
func serveSilence(Upstream) (string, error) {
	return serveConns(func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

// lockFile is a program that has locked a file and does not let go.
func lockFile(u Upstream) (string, error) {
	file, err := os.OpenFile(u.Path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	lockedFiles = append(lockedFiles, file)
	return "", syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
}

// lockedFiles keeps the files from being collected, which would close and unlock them.
var lockedFiles []*os.File

func serveConns(serve func(net.Conn)) (string, error) {
	listener, err := listen()
	if err != nil {
		return "", err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				serve(conn)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String(), nil
}
