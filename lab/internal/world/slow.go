package world

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// halfAHeader sends the first lines of a request and then nothing.
func halfAHeader(load Load, _ *http.Client) {
	hold(load, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: shop\r\nX-Pad", load.Method, load.Path), 0)
}

// noReader asks for an answer and never reads it.
func noReader(load Load, _ *http.Client) {
	conn := ask(load)
	if conn == nil {
		return
	}
	defer conn.Close()
	select {}
}

// slowReader asks for an answer and reads it in small steps.
func slowReader(load Load, _ *http.Client) {
	conn := ask(load)
	if conn == nil {
		return
	}
	defer conn.Close()
	step := make([]byte, 16<<10)
	for {
		if _, err := conn.Read(step); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// talker upgrades the connection, then says a line every PauseMs and reads what comes back.
func talker(load Load, _ *http.Client) {
	greeting := "%s %s HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: shop-live\r\n\r\n"
	hold(load, fmt.Sprintf(greeting, load.Method, load.Path), time.Duration(load.PauseMs)*time.Millisecond)
}

// hold sends a greeting and, if told so, a line every pause, until the other side hangs up.
func hold(load Load, greeting string, pause time.Duration) {
	conn, err := net.Dial("tcp", load.Addr)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, greeting); err != nil {
		return
	}
	if pause > 0 {
		go func() {
			for {
				time.Sleep(pause)
				if _, err := io.WriteString(conn, "still here\n"); err != nil {
					return
				}
			}
		}()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// smallWindow makes the kernel offer a small receive window; it counts only if set before the connection is made.
func smallWindow(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
	if err != nil {
		return err
	}
	return failed
}

// ask sends a whole request over a connection with a small receive window.
func ask(load Load) net.Conn {
	dialer := net.Dialer{Control: smallWindow}
	conn, err := dialer.Dial("tcp", load.Addr)
	if err != nil {
		return nil
	}
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: shop\r\n\r\n", load.Method, load.Path); err != nil {
		_ = conn.Close()
		return nil
	}
	return conn
}
