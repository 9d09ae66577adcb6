// Command tls-peer is the other side in the TLS probe's tests: what Go itself says, and what Go itself serves.
//
//	tls-peer dial ROOTS NAME ADDRESS    prints the error of a handshake and a first read, or "ok"
//	tls-peer listen CERT KEY CLIENTCA   requires client certificates; prints its address, serves until stdin ends
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func main() {
	switch os.Args[1] {
	case "dial":
		fmt.Println(dial(os.Args[2], os.Args[3], os.Args[4]))
	case "listen":
		listen(os.Args[2], os.Args[3], os.Args[4])
	}
}

func pool(file string) *x509.CertPool {
	pem, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return roots
}

func dial(roots, name, address string) string {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", address, &tls.Config{
		RootCAs: pool(roots), ServerName: name, NextProtos: []string{"h2", "http/1.1"},
	})
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
			return err.Error()
		}
	}
	return "ok"
}

func listen(cert, key, clientCA string) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		panic(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(clientCA),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, conn)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}
