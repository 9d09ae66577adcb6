package world

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// loads are the ways customers behave; each function is one customer's visit.
var loads = map[string]func(Load, *http.Client){
	"requests":    request,
	"idle":        holdSilently,
	"half-header": halfAHeader,
	"no-reader":   noReader,
	"slow-reader": slowReader,
	"talker":      talker,
}

// arrive lets customers come at the load's pace.
func arrive(load Load, visit func(Load, *http.Client)) {
	var here int32
	come := func() {
		if load.AtMost > 0 && int(atomic.LoadInt32(&here)) >= load.AtMost {
			return
		}
		atomic.AddInt32(&here, 1)
		go func() {
			defer atomic.AddInt32(&here, -1)
			customer(load, visit)
		}()
	}
	for i := 0; i < load.AtOnce; i++ {
		come()
	}
	if load.PerSecond <= 0 {
		return
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / load.PerSecond))
	defer tick.Stop()
	for number := load.AtOnce; load.Total == 0 || number < load.Total; number++ {
		<-tick.C
		come()
	}
}

// customer visits once or for ever, on one connection of their own that is idle between two visits.
func customer(load Load, visit func(Load, *http.Client)) {
	browser := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer browser.CloseIdleConnections()
	visit(load, browser)
	for load.Repeat {
		time.Sleep(time.Duration(load.PauseMs) * time.Millisecond)
		visit(load, browser)
	}
}

// request sends one HTTP request and reads the whole answer.
func request(load Load, browser *http.Client) {
	req, err := http.NewRequest(load.Method, "http://"+load.Addr+load.Path, strings.NewReader(load.Body))
	if err != nil {
		return
	}
	res, err := browser.Do(req)
	if err != nil {
		time.Sleep(100 * time.Millisecond)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

// holdSilently opens a connection and never sends a byte.
func holdSilently(load Load, _ *http.Client) { hold(load, "", 0) }
