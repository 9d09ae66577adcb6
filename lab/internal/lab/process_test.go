package lab_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/internal/lab"
)

// program is the shop, built once for all tests.
var program string

// gate lets one test at a time take its turns, so that two half-served ones cannot block each other.
var gate sync.Mutex

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "shop-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "shop")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "shop/cmd/shop")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running shop.
type process struct {
	HTTP  string `json:"http"`
	Debug string `json:"debug"`
	PID   int    `json:"pid"`
	Go    string `json:"go"`

	command *exec.Cmd
	stdin   io.WriteCloser
	stderr  *lockedBuffer
	ended   chan error
}

// start runs the shop until the end of the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{stderr: &lockedBuffer{}, ended: make(chan error, 1)}
	p.command = exec.Command(program, append([]string{"-stdin"}, args...)...)
	p.command.Stderr = p.stderr
	stdin, err := p.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() { p.end(t) })
	if err != nil {
		t.Fatalf("no ready line: %v\n%s", err, p.stderr)
	}
	return p
}

// end closes the shop's standard input, after which it has ten seconds to go.
func (p *process) end(t *testing.T) {
	_ = p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.command.Process.Kill()
		t.Errorf("did not end when its standard input was closed\n%s", p.stderr)
	}
}

// waitForCrash returns what the shop wrote to standard error when it died by itself.
func (p *process) waitForCrash(t *testing.T, within time.Duration) string {
	t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		if err == nil {
			t.Error("ended without an error")
		}
	case <-time.After(within):
		t.Error("did not crash")
	}
	return p.stderr.String()
}

// call sends a request and returns the answer; any status but 2xx fails the test.
func (p *process) call(t *testing.T, method, addr, path string) []byte {
	t.Helper()
	status, body := p.try(t, method, addr, path)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d: %s", method, path, status, body)
	}
	return body
}

func (p *process) try(t *testing.T, method, addr, path string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, p.stderr)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

func (p *process) goroutines(t *testing.T) int {
	t.Helper()
	var total int
	first := strings.SplitN(string(p.call(t, "GET", p.Debug, "/debug/pprof/goroutine?debug=1")), "\n", 2)[0]
	total, err := strconv.Atoi(strings.TrimPrefix(first, "goroutine profile: total "))
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// functions are the names in one kind of profile.
func (p *process) functions(t *testing.T, where lab.Evidence) map[string]bool {
	t.Helper()
	switch where {
	case lab.InHeap, lab.InAllocs:
		return heapFunctions(p.call(t, "GET", p.Debug, "/debug/pprof/heap?debug=1"), where)
	case lab.InCPU:
		return profileFunctions(t, p.call(t, "GET", p.Debug, "/debug/pprof/profile?seconds=1"))
	}
	return dumpFunctions(p.call(t, "GET", p.Debug, "/debug/pprof/goroutine?debug=2"))
}

// lockedBuffer collects output that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var (
	frame     = regexp.MustCompile(`^([^\s(]*(?:\([^)]*\))?[^\s(]*)\(`)
	createdBy = regexp.MustCompile(`^created by (\S+)`)
	record    = regexp.MustCompile(`^(\d+): \d+ \[(\d+): \d+\] @`)
)
