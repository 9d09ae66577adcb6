// Package queue is a queue of mails to send.
package queue

import (
	"sync"
	"time"
)

// Queue hands mails to consumers that wait on a condition.
type Queue struct {
	mu     sync.Mutex
	filled *sync.Cond
	mails  []string
	closed bool
}

// New has no mails.
func New() *Queue {
	q := &Queue{}
	q.filled = sync.NewCond(&q.mu)
	return q
}

// Put adds a mail.
func (q *Queue) Put(mail string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mails = append(q.mails, mail)
	q.filled.Signal()
}

// Take waits for a mail; there is none after Close.
func (q *Queue) Take() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.mails) == 0 && !q.closed {
		q.filled.Wait()
	}
	if q.closed {
		return "", false
	}
	mail := q.mails[0]
	q.mails = q.mails[1:]
	return mail, true
}

// Consume sends every mail until Close.
func (q *Queue) Consume() {
	for {
		mail, ok := q.Take()
		if !ok {
			return
		}
		send(mail)
	}
}

// send takes as long as the mail server.
func send(mail string) { time.Sleep(time.Duration(len(mail)) * time.Millisecond / 2) }

// Close wakes everybody up and ends.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
}
