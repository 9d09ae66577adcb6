package world

import (
	"io"
	"net/http"
	"strings"
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
	for i := 0; i < load.AtOnce; i++ {
		go customer(load, visit)
	}
	if load.PerSecond <= 0 {
		return
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / load.PerSecond))
	defer tick.Stop()
	for come := load.AtOnce; load.Total == 0 || come < load.Total; come++ {
		<-tick.C
		go customer(load, visit)
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
