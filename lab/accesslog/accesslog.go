// Package accesslog writes one line per answered request.
package accesslog

import (
	"io"
	"log"
	"time"
)

// Logger writes access log lines. Its zero value drops them.
type Logger struct {
	log *log.Logger
}

// New writes to the given sink.
func New(sink io.Writer) *Logger { return &Logger{log: log.New(sink, "", log.LstdFlags|log.LUTC)} }

// SetOutput sends later lines to another sink.
func (l *Logger) SetOutput(sink io.Writer) { l.log.SetOutput(sink) }

// Request logs one answered request.
func (l *Logger) Request(method, path string, took time.Duration) {
	l.log.Printf("method=%s path=%s took=%s", method, path, took)
}
