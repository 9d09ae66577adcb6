package live

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Stream sends one server-sent event per interval until the client hangs up.
func Stream(ctx context.Context, w http.ResponseWriter, every time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(every)
	defer tick.Stop()
	for number := 0; ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := fmt.Fprintf(w, "data: {\"visitors\":%d}\n\n", number); err != nil {
			return
		}
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
	}
}

// Inbox is what long polls wait for.
type Inbox struct {
	// Patience is how long a poll waits for news.
	Patience time.Duration
	// News wakes one poll each.
	News chan string
}

// Poll returns the next news, or nothing after a while.
func (i *Inbox) Poll(ctx context.Context) string {
	patience := time.NewTimer(i.Patience)
	defer patience.Stop()
	select {
	case news := <-i.News:
		return news
	case <-patience.C:
	case <-ctx.Done():
	}
	return ""
}
