// Package uploads takes the pictures and documents that customers send.
package uploads

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// bufferBytes is the write buffer of one upload.
const bufferBytes = 64 << 10

// Upload is a file that comes in parts.
type Upload struct {
	parts chan []byte
	out   *bufio.Writer
}

// Begin opens an upload; Add its parts and Finish it.
func Begin(out io.Writer) *Upload {
	u := &Upload{parts: make(chan []byte), out: bufio.NewWriterSize(out, bufferBytes)}
	go u.assemble()
	return u
}

func (u *Upload) assemble() {
	for part := range u.parts {
		_, _ = u.out.Write(part)
	}
	_ = u.out.Flush()
}

// Add hands over the next part.
func (u *Upload) Add(part []byte) { u.parts <- part }

// Finish writes what is buffered.
func (u *Upload) Finish() { close(u.parts) }

// Spool keeps uploads on disk until they are virus-checked.
type Spool struct {
	dir string

	mu   sync.Mutex
	open map[string]*spoolFile
}

type spoolFile struct {
	file *os.File
	out  *bufio.Writer
}

// NewSpool keeps its files in dir.
func NewSpool(dir string) *Spool { return &Spool{dir: dir, open: make(map[string]*spoolFile)} }

// Save writes one upload to the spool.
func (s *Spool) Save(body []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := "upload-" + strconv.Itoa(len(s.open))
	file, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		return "", err
	}
	spooled := &spoolFile{file: file, out: bufio.NewWriterSize(file, bufferBytes)}
	s.open[name] = spooled
	_, err = spooled.out.Write(body)
	return name, err
}

// Close closes every file in the spool.
func (s *Spool) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, spooled := range s.open {
		_ = spooled.out.Flush()
		_ = spooled.file.Close()
		delete(s.open, name)
	}
}
