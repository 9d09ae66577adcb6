// Package profilerates lends the rates of Go's block and mutex profiles for a while.
//
// Both profiles are empty until the program sets a rate, and net/http/pprof has no endpoint that would. With this handler
// beside it whoever may read the profiles may also raise the rates of the running process for up to a minute. The process
// itself lowers them again, by its own timer, so they are lowered also when nobody asks for it any more.
//
// The file needs nothing but the standard library: copy it into your module.
package profilerates

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// MaxSeconds is the longest lease. A lease cannot be prolonged.
const MaxSeconds = 60

// Bounds of what may be asked for, unless Settings say otherwise. A finer rate records more waits, each of which costs
// the goroutine that waited a stack trace: a block rate of 10,000 ns was measured to cost next to nothing, and 1 to
// double the time of a channel operation (https://github.com/felixge/go-profiler-notes/blob/main/block.md). That of
// mutexes is our own figure.
const (
	finestBlockRate     = 10_000
	finestMutexFraction = 10
)

// Settings are the program's own. The zero value is that of a program that never touched the rates.
type Settings struct {
	// BlockRate is what the program gave to runtime.SetBlockProfileRate: the runtime does not tell.
	BlockRate int
	// FinestBlockRate is the smallest block rate that may be asked for, in nanoseconds; 0 is 10,000.
	FinestBlockRate int
	// FinestMutexFraction is the smallest mutex fraction that may be asked for; 0 is 10.
	FinestMutexFraction int
}

// rates are what both profiles record: one wait for each so many nanoseconds of waiting, and one in so many contentions
// of mutexes. 0 is nothing.
type rates struct {
	BlockRateNs   int `json:"blockRateNs"`
	MutexFraction int `json:"mutexFraction"`
}

// wish is the body of a POST. A rate of 0 leaves that profile as it is.
type wish struct {
	rates
	Seconds int `json:"seconds"`
}

// granted answers a POST.
type granted struct {
	ID string `json:"id"`
	rates
	Before    rates     `json:"before"`
	Seconds   int       `json:"seconds"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// status answers a GET. It does not tell the id: who has it may end the lease.
type status struct {
	rates
	ExpiresAt *time.Time `json:"expiresAt"`
}

// refusal answers what was not done.
type refusal struct {
	Error string `json:"error"`
	// ExpiresAt is when the lease that is in the way ends.
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// lease is what was lent. before is what the program had.
type lease struct {
	id        string
	lent      rates
	before    rates
	expiresAt time.Time
	timer     *time.Timer
}

// The rates belong to the process, so there is one lease in it however often Handler is called.
var (
	mu      sync.Mutex
	current *lease
)

// Handler serves the lease: POST takes it, GET tells the rates, DELETE ?id=ID gives it back. Serve it beside
// net/http/pprof and behind the same access control.
func Handler(settings Settings) http.Handler {
	if settings.FinestBlockRate <= 0 {
		settings.FinestBlockRate = finestBlockRate
	}
	if settings.FinestMutexFraction <= 0 {
		settings.FinestMutexFraction = finestMutexFraction
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch r.Method {
		case http.MethodGet:
			answer(w, http.StatusOK, now(settings))
		case http.MethodPost:
			post(w, r, settings)
		case http.MethodDelete:
			if !giveBack(r.URL.Query().Get("id")) {
				answer(w, http.StatusNotFound, refusal{Error: "no such lease: it has expired or was given back"})
				return
			}
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Allow", "GET, POST, DELETE")
			answer(w, http.StatusMethodNotAllowed, refusal{Error: "GET, POST or DELETE"})
		}
	})
}

func post(w http.ResponseWriter, r *http.Request, settings Settings) {
	// A web page elsewhere can make a browser post a form or text, but not this type without being allowed to.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		answer(w, http.StatusUnsupportedMediaType, refusal{Error: "send Content-Type: application/json"})
		return
	}
	wanted, err := wishOf(http.MaxBytesReader(w, r.Body, 1024), settings)
	if err != nil {
		answer(w, http.StatusBadRequest, refusal{Error: err.Error()})
		return
	}
	taken, inTheWay, err := take(wanted, settings)
	switch {
	case err != nil:
		answer(w, http.StatusInternalServerError, refusal{Error: err.Error()})
	case inTheWay != nil:
		seconds := math.Ceil(time.Until(*inTheWay).Seconds())
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Max(1, seconds))))
		answer(w, http.StatusConflict, refusal{Error: "the rates are lent already", ExpiresAt: inTheWay})
	default:
		answer(w, http.StatusCreated, taken)
	}
}

func wishOf(body io.Reader, settings Settings) (wish, error) {
	var wanted wish
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		return wanted, fmt.Errorf("not a wish: %w", err)
	}
	switch {
	case wanted.Seconds < 1 || wanted.Seconds > MaxSeconds:
		return wanted, fmt.Errorf("seconds must be from 1 to %d", MaxSeconds)
	case wanted.BlockRateNs == 0 && wanted.MutexFraction == 0:
		return wanted, errors.New("ask for a blockRateNs, a mutexFraction or both")
	case wanted.BlockRateNs != 0 && wanted.BlockRateNs < settings.FinestBlockRate:
		return wanted, fmt.Errorf("blockRateNs must be at least %d here", settings.FinestBlockRate)
	case wanted.MutexFraction != 0 && wanted.MutexFraction < settings.FinestMutexFraction:
		return wanted, fmt.Errorf("mutexFraction must be at least %d here", settings.FinestMutexFraction)
	}
	return wanted, nil
}

// take raises the rates, or tells when the lease that is in the way ends.
func take(wanted wish, settings Settings) (*granted, *time.Time, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	if current != nil {
		expiresAt := current.expiresAt
		return nil, &expiresAt, nil
	}
	before := rates{BlockRateNs: settings.BlockRate, MutexFraction: runtime.SetMutexProfileFraction(-1)}
	lent := rates{
		BlockRateNs:   finer(before.BlockRateNs, wanted.BlockRateNs),
		MutexFraction: finer(before.MutexFraction, wanted.MutexFraction),
	}
	length := time.Duration(wanted.Seconds) * time.Second
	taken := &lease{id: hex.EncodeToString(id), lent: lent, before: before, expiresAt: time.Now().Add(length)}
	// Before the rates are raised: whatever happens from here on, they are lowered.
	taken.timer = time.AfterFunc(length, func() { giveBack(taken.id) })
	current = taken
	set(before, lent)
	return &granted{
		ID: taken.id, rates: lent, Before: before, Seconds: wanted.Seconds, ExpiresAt: taken.expiresAt,
	}, nil, nil
}

// finer is the rate that records more. A lease never makes the program's own profiles coarser.
func finer(own, wanted int) int {
	if wanted == 0 || (own > 0 && own < wanted) {
		return own
	}
	return wanted
}

// giveBack lowers the rates and tells whether there was such a lease.
func giveBack(id string) bool {
	mu.Lock()
	defer mu.Unlock()
	if current == nil || current.id != id {
		return false
	}
	current.timer.Stop()
	set(current.lent, current.before)
	current = nil
	return true
}

// set changes what differs. A mutex fraction that the program itself changed meanwhile stays as the program wants it.
func set(from, to rates) {
	if from.BlockRateNs != to.BlockRateNs {
		runtime.SetBlockProfileRate(to.BlockRateNs)
	}
	if from.MutexFraction != to.MutexFraction && runtime.SetMutexProfileFraction(-1) == from.MutexFraction {
		runtime.SetMutexProfileFraction(to.MutexFraction)
	}
}

func now(settings Settings) status {
	mu.Lock()
	defer mu.Unlock()
	is := status{rates: rates{BlockRateNs: settings.BlockRate, MutexFraction: runtime.SetMutexProfileFraction(-1)}}
	if current != nil {
		expiresAt := current.expiresAt
		is.BlockRateNs, is.ExpiresAt = current.lent.BlockRateNs, &expiresAt
	}
	return is
}

func answer(w http.ResponseWriter, status int, document interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// Who asked may be gone by now.
	_ = json.NewEncoder(w).Encode(document)
}
