// Command shop is a small shop behind an HTTP API that can be made sick at run time.
//
// It prints one JSON line with the addresses it listens on and then serves until SIGTERM, SIGINT or, with -stdin,
// until its standard input is closed.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"shop/internal/lab"
	"shop/internal/world"
)

// ready is the one line printed on standard output once both listeners are open and the mode asked for is on.
type ready struct {
	HTTP  string `json:"http"`
	Debug string `json:"debug"`
	PID   int    `json:"pid"`
	Go    string `json:"go"`
}

func main() {
	httpAddr := flag.String("http", "127.0.0.1:0", "`address` of the shop's HTTP API and of the switchboard")
	debugAddr := flag.String("debug", "127.0.0.1:0", "`address` of pprof, expvar and /metrics")
	mode := flag.String("mode", "", "start this mode at once (see -list)")
	scale := flag.Int("scale", 0, "size of the mode in its own unit; 0 is the mode's default")
	list := flag.Bool("list", false, "print the manifest of all modes as JSON and exit")
	table := flag.Bool("table", false, "with -list: print a Markdown table instead")
	stdin := flag.Bool("stdin", false, "exit when standard input is closed")
	outside := flag.Bool("world", false, "play the world outside the shop, driven over standard input (internal)")
	flag.Parse()

	switch {
	case *list && *table:
		exitOn(lab.WriteTable(os.Stdout))
		return
	case *list:
		exitOn(lab.WriteManifest(os.Stdout))
		return
	case *outside:
		exitOn(world.Run(os.Stdin, os.Stdout))
		return
	}

	shop, err := lab.Open(*httpAddr, *debugAddr)
	exitOn(err)
	quit := quitSignal(*stdin)
	if *mode != "" {
		if err := shop.Start(*mode, *scale); err != nil {
			shop.Close()
			exitOn(err)
		}
	}
	exitOn(json.NewEncoder(os.Stdout).Encode(ready{
		HTTP: shop.HTTPAddr(), Debug: shop.DebugAddr(), PID: os.Getpid(), Go: runtime.Version(),
	}))
	select {
	case <-quit:
	case <-shop.MainParks():
		go closeOn(quit, shop)
		select {} // mode "select-main": a main that has nothing left to do is no deadlock
	}
	shop.Close()
}

// quitSignal is closed when the process is asked to end.
func quitSignal(watchStdin bool) <-chan struct{} {
	quit := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	ended := make(chan struct{})
	if watchStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(ended)
		}()
	}
	go func() {
		select {
		case <-signals:
		case <-ended:
		}
		close(quit)
	}()
	return quit
}

func closeOn(quit <-chan struct{}, shop *lab.Shop) {
	<-quit
	shop.Close()
	os.Exit(0)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}
