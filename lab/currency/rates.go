// Package currency converts prices.
package currency

import (
	"bufio"
	"net"
	"sync"
)

// Rates are the day's exchange rates, loaded when first needed.
type Rates struct {
	// Addr is the rate service.
	Addr string

	once sync.Once
	err  error
	line string
}

// Convert turns euro cents into another currency's.
func (r *Rates) Convert(cents int64) (int64, error) {
	r.once.Do(r.load)
	if r.err != nil {
		return 0, r.err
	}
	return cents * int64(len(r.line)), nil
}

func (r *Rates) load() {
	conn, err := net.Dial("tcp", r.Addr)
	if err != nil {
		r.err = err
		return
	}
	defer conn.Close()
	r.line, r.err = bufio.NewReader(conn).ReadString('\n')
}
