package profilerates

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"
)

// asked sends one question to a handler with these settings.
func asked(t *testing.T, settings Settings, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	recorder := httptest.NewRecorder()
	Handler(settings).ServeHTTP(recorder, request)
	return recorder
}

func taken(t *testing.T, settings Settings, body string) granted {
	t.Helper()
	recorder := asked(t, settings, "POST", "/", body)
	if recorder.Code != http.StatusCreated {
		t.Fatalf("POST %s: %d %s", body, recorder.Code, recorder.Body)
	}
	var lease granted
	if err := json.Unmarshal(recorder.Body.Bytes(), &lease); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { giveBack(lease.ID) })
	return lease
}

// records tells whether a wait of 20 ms ends up in the block profile: the runtime's own view of its rate.
func records(t *testing.T) bool {
	t.Helper()
	waits := func() int64 {
		profile := make([]runtime.BlockProfileRecord, 1000)
		n, ok := runtime.BlockProfile(profile)
		if !ok {
			t.Fatalf("%d records", n)
		}
		var count int64
		for _, record := range profile[:n] {
			count += record.Count
		}
		return count
	}
	before := waits()
	woken := make(chan struct{})
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(woken)
	}()
	<-woken
	return waits() > before
}

func TestLeaseIsGivenBack(t *testing.T) {
	lease := taken(t, Settings{}, `{"blockRateNs":10000,"seconds":30}`)
	if lease.BlockRateNs != 10_000 || lease.Before.BlockRateNs != 0 || lease.Seconds != 30 {
		t.Errorf("got %+v", lease)
	}
	if !records(t) {
		t.Error("a wait is not recorded under the lease")
	}
	if again := asked(t, Settings{}, "DELETE", "/?id=guess", ""); again.Code != http.StatusNotFound {
		t.Errorf("a wrong id ended the lease: %d", again.Code)
	}
	if end := asked(t, Settings{}, "DELETE", "/?id="+lease.ID, ""); end.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", end.Code, end.Body)
	}
	if records(t) {
		t.Error("waits are recorded after the lease")
	}
}

func TestLeaseExpiresByItself(t *testing.T) {
	taken(t, Settings{}, `{"blockRateNs":10000,"mutexFraction":50,"seconds":1}`)
	if fraction := runtime.SetMutexProfileFraction(-1); fraction != 50 {
		t.Errorf("mutex fraction %d", fraction)
	}
	for deadline := time.Now().Add(30 * time.Second); records(t); {
		if time.Now().After(deadline) {
			t.Fatal("the rate was never lowered")
		}
	}
	if fraction := runtime.SetMutexProfileFraction(-1); fraction != 0 {
		t.Errorf("mutex fraction %d after the lease", fraction)
	}
	if is := now(Settings{}); is.ExpiresAt != nil || is.BlockRateNs != 0 {
		t.Errorf("got %+v", is)
	}
}

func TestOneLeaseAtATime(t *testing.T) {
	var wait sync.WaitGroup
	codes := make([]int, 16)
	for i := range codes {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			request := httptest.NewRequest("POST", "/", strings.NewReader(`{"blockRateNs":20000,"seconds":30}`))
			request.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			Handler(Settings{}).ServeHTTP(recorder, request)
			codes[i] = recorder.Code
			if recorder.Code == http.StatusConflict && recorder.Header().Get("Retry-After") == "" {
				t.Error("409 without Retry-After")
			}
		}(i)
	}
	wait.Wait()
	created := 0
	for _, code := range codes {
		if code == http.StatusCreated {
			created++
		} else if code != http.StatusConflict {
			t.Errorf("answered %d", code)
		}
	}
	if created != 1 {
		t.Errorf("%d leases at a time", created)
	}
	giveBack(current.id)
}

func TestOwnRatesComeBack(t *testing.T) {
	own := Settings{BlockRate: 1_000_000}
	runtime.SetBlockProfileRate(own.BlockRate)
	defer runtime.SetBlockProfileRate(0)
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(20))
	lease := taken(t, own, `{"blockRateNs":10000,"mutexFraction":100,"seconds":30}`)
	if lease.BlockRateNs != 10_000 || lease.Before.BlockRateNs != 1_000_000 {
		t.Errorf("got %+v", lease)
	}
	if lease.MutexFraction != 20 {
		t.Errorf("a lease made the mutex profile coarser: %d", lease.MutexFraction)
	}
	// The program has its own mind meanwhile.
	runtime.SetMutexProfileFraction(7)
	giveBack(lease.ID)
	if is := now(own); is.BlockRateNs != 1_000_000 || is.MutexFraction != 7 {
		t.Errorf("got %+v", is)
	}
	if !records(t) {
		t.Error("the program's own rate did not come back")
	}
}

func TestRefusals(t *testing.T) {
	for _, wrong := range []struct {
		method, body string
		settings     Settings
		status       int
	}{
		{method: "POST", body: `{"blockRateNs":9999,"seconds":10}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"mutexFraction":9,"seconds":10}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"blockRateNs":-1,"seconds":10}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"blockRateNs":10000,"seconds":61}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"blockRateNs":10000,"seconds":0}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"seconds":10}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"blockRateNs":10000,"seconds":10,"forever":true}`, status: http.StatusBadRequest},
		{method: "POST", body: `{"blockRateNs":1e99,"seconds":10}`, status: http.StatusBadRequest},
		{method: "POST", body: strings.Repeat(" ", 2000) + `{}`, status: http.StatusBadRequest},
		{method: "POST", body: "", status: http.StatusUnsupportedMediaType},
		{method: "DELETE", body: "", status: http.StatusNotFound},
		{method: "PUT", body: "", status: http.StatusMethodNotAllowed},
	} {
		recorder := asked(t, wrong.settings, wrong.method, "/", wrong.body)
		if recorder.Code != wrong.status || !strings.Contains(recorder.Body.String(), `"error"`) {
			t.Errorf("%s %s: %d %s, want %d", wrong.method, wrong.body, recorder.Code, recorder.Body, wrong.status)
		}
	}
	if current != nil {
		t.Error("a refusal left a lease")
	}
	taken(t, Settings{FinestBlockRate: 100}, `{"blockRateNs":100,"seconds":10}`)
}

// What a lease can show is what begins and ends in it: a wait that began before is not recorded when it ends.
func TestOnlyWholeWaitsAreRecorded(t *testing.T) {
	waiting, woken, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		close(waiting)
		<-woken
		close(done)
	}()
	<-waiting
	time.Sleep(50 * time.Millisecond) // until it waits
	taken(t, Settings{}, `{"blockRateNs":10000,"seconds":30}`)
	time.Sleep(20 * time.Millisecond)
	close(woken)
	<-done
	var text strings.Builder
	if err := pprof.Lookup("block").WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "TestOnlyWholeWaitsAreRecorded.func1") {
		t.Errorf("recorded a wait that began before:\n%s", &text)
	}
}
