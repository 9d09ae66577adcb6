package lab_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"shop/internal/lab"
)

func TestSwitchboard(t *testing.T) {
	shop := start(t)

	var modes []lab.Mode
	decode(t, shop.call(t, "GET", shop.HTTP, "/lab/modes"), &modes)
	if len(modes) != len(lab.Manifest()) {
		t.Errorf("%d modes listed, want %d", len(modes), len(lab.Manifest()))
	}

	var status struct{ Running map[string]int }
	shop.call(t, "POST", shop.HTTP, "/lab/modes/tickers?scale=30")
	decode(t, shop.call(t, "GET", shop.HTTP, "/lab/status"), &status)
	if status.Running["tickers"] != 30 {
		t.Errorf("running %v, want tickers at 30", status.Running)
	}

	var stopped struct{ Stopped, RestartNeeded bool }
	decode(t, shop.call(t, "DELETE", shop.HTTP, "/lab/modes/tickers"), &stopped)
	if !stopped.Stopped || stopped.RestartNeeded {
		t.Errorf("tickers can be stopped, got %+v", stopped)
	}
	shop.call(t, "POST", shop.HTTP, "/lab/modes/empty-select?scale=5")
	decode(t, shop.call(t, "DELETE", shop.HTTP, "/lab/modes/empty-select"), &stopped)
	if stopped.Stopped || !stopped.RestartNeeded {
		t.Errorf("empty-select needs a restart, got %+v", stopped)
	}
}

func TestSwitchboardRefuses(t *testing.T) {
	shop := start(t, "-mode", "tickers")
	for _, refused := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/lab/modes/plague", http.StatusNotFound},
		{"POST", "/lab/modes/tickers", http.StatusConflict},
		{"POST", "/lab/modes/spin?scale=many", http.StatusBadRequest},
		{"DELETE", "/lab/modes/spin", http.StatusConflict},
		{"PATCH", "/lab/modes/tickers", http.StatusMethodNotAllowed},
		{"PUT", "/lab/settings/redis.max_active?value=1", http.StatusNotFound},
		{"POST", "/lab/modes/redis-pool-wide?scale=1", http.StatusCreated},
		{"PUT", "/lab/settings/redis.max_active?value=-1", http.StatusBadRequest},
		{"PUT", "/lab/settings/redis.max_active?value=many", http.StatusBadRequest},
		{"POST", "/lab/settings/redis.max_active?value=1", http.StatusMethodNotAllowed},
	} {
		if status, body := shop.try(t, refused.method, shop.HTTP, refused.path); status != refused.status {
			t.Errorf("%s %s: %d %s, want %d", refused.method, refused.path, status, body, refused.status)
		}
	}
}

// TestPoolSizeIsASetting: who waits for a connection goes on when the pool grows, and waits again when it is 0 again.
func TestPoolSizeIsASetting(t *testing.T) {
	t.Parallel()
	shop := start(t, "-mode", "redis-pool-zero", "-scale", "40")
	if there := waiting(t, shop, func(n int) bool { return n >= 40 }); there != 40 {
		t.Fatalf("%d wait, want all 40 customers", there)
	}
	var values map[string]string
	decode(t, shop.call(t, "PUT", shop.HTTP, "/lab/settings/redis.max_active?value=2"), &values)
	if values["redis.max_active"] != "2" {
		t.Errorf("settings %v, want redis.max_active at 2", values)
	}
	if left := waiting(t, shop, func(n int) bool { return n == 0 }); left != 0 {
		t.Errorf("%d still wait", left)
	}
	shop.call(t, "PUT", shop.HTTP, "/lab/settings/redis.max_active?value=0")
	if there := waiting(t, shop, func(n int) bool { return n >= 5 }); there < 5 {
		t.Errorf("%d wait again, want those who come 6 a second", there)
	}
}

var waitsForConn = regexp.MustCompile(`\[select[^\n]*:\nshop/clients/redis\.\(\*Pool\)\.Get\(`)

// waiting counts who waits for a connection, once it is as wanted.
func waiting(t *testing.T, shop *process, isAsWanted func(int) bool) int {
	t.Helper()
	for deadline := time.Now().Add(showsWithin); ; time.Sleep(100 * time.Millisecond) {
		dump := string(shop.call(t, "GET", shop.Debug, "/debug/pprof/goroutine?debug=2"))
		count := len(waitsForConn.FindAllString(dump, -1))
		if isAsWanted(count) || time.Now().After(deadline) {
			return count
		}
	}
}

func TestLeakGrowsUpToItsScale(t *testing.T) {
	t.Parallel()
	shop := start(t, "-mode", "chan-send-leak", "-scale", "160")
	early := leaked(t, shop, 100)
	if early < 100 {
		t.Fatalf("%d leaked, want 100", early)
	}
	time.Sleep(4 * time.Second) // the remaining 40 come within three seconds
	// On a machine that stands still for half a second, a receiver may be there after all.
	if late := leaked(t, shop, 155); late < 155 || late > 160 {
		t.Errorf("%d leaked in the end, want 160", late)
	}
}

// leakedSender matches a goroutine's header, which ends in its labels from Go 1.27 on, and its first frame.
var leakedSender = regexp.MustCompile(`\[chan send[^\n]*:\nshop/pricing\.\(\*Quoter\)\.ask\(`)

// leaked waits until at least that many senders hang.
func leaked(t *testing.T, shop *process, atLeast int) int {
	t.Helper()
	senders := 0
	for deadline := time.Now().Add(showsWithin); time.Now().Before(deadline) && senders < atLeast; {
		dump := string(shop.call(t, "GET", shop.Debug, "/debug/pprof/goroutine?debug=2"))
		senders = len(leakedSender.FindAllString(dump, -1))
		time.Sleep(100 * time.Millisecond)
	}
	return senders
}

func TestEndsOnSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for _, mode := range []string{"select-main", "log-blocked"} {
			shop := start(t, "-mode", mode)
			if err := shop.command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-shop.ended:
				shop.ended <- err
				if err != nil {
					t.Errorf("%s in %s: %v\n%s", signal, mode, err, shop.stderr)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("%s did not end %s", signal, mode)
			}
		}
	}
}

func TestListPrintsTheManifest(t *testing.T) {
	out, err := exec.Command(program, "-list").Output()
	if err != nil {
		t.Fatal(err)
	}
	var modes []lab.Mode
	decode(t, out, &modes)
	if len(modes) == 0 || modes[0].Name != lab.Manifest()[0].Name {
		t.Errorf("-list starts with %+v", modes)
	}
}

func TestUnknownModeIsAnError(t *testing.T) {
	out, err := exec.Command(program, "-stdin", "-mode", "plague").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `no mode "plague"`) {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestTickerAndPausesMeasureTheCrowd(t *testing.T) {
	t.Parallel()
	shop := start(t, "-mode", "crowd", "-scale", "3000")
	if count := shop.goroutines(t); count < 3000 {
		t.Fatalf("%d goroutines, want 3000", count)
	}
	shop.call(t, "POST", shop.HTTP, "/lab/ticker/reset")
	var before, after lab.PauseReport
	decode(t, shop.call(t, "GET", shop.HTTP, "/lab/pauses"), &before)
	shop.call(t, "GET", shop.Debug, "/debug/pprof/goroutine?debug=2")
	decode(t, shop.call(t, "GET", shop.HTTP, "/lab/pauses"), &after)
	var gaps lab.Gaps
	decode(t, shop.call(t, "GET", shop.HTTP, "/lab/ticker"), &gaps)
	if gaps.Ticks == 0 || gaps.WorstGapMs <= 0 || gaps.SumOverMs < 0 {
		t.Errorf("the ticker does not tick: %+v", gaps)
	}
	if _, exact := after.Histograms["other"]; exact && after.TotalSeconds <= before.TotalSeconds {
		t.Errorf("a debug=2 dump stops the world, yet the pauses went from %v s to %v s", before.TotalSeconds, after.TotalSeconds)
	}
}

func decode(t *testing.T, text []byte, into interface{}) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
