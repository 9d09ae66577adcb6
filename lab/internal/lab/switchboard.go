package lab

import (
	"net/http"
	"strconv"
	"strings"

	"shop/httpapi"
)

// stopped is the answer to DELETE /lab/modes/NAME.
type stopped struct {
	Name    string `json:"name"`
	Stopped bool   `json:"stopped"`
	// RestartNeeded: what the mode did cannot be taken back while the process lives.
	RestartNeeded bool `json:"restartNeeded"`
}

// switchboard serves /lab/: list, start and stop modes, change settings, and the measurements of the tool modes.
func (s *Shop) switchboard() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/lab/modes", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		report(WriteManifest(w))
	})
	mux.HandleFunc("/lab/modes/", s.switchMode)
	mux.HandleFunc("/lab/settings", s.settings)
	mux.HandleFunc("/lab/settings/", s.changeSetting)
	mux.HandleFunc("/lab/status", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]interface{}{"running": s.Running()})
	})
	mux.HandleFunc("/lab/ticker", func(w http.ResponseWriter, r *http.Request) { answer(w, s.ticker.Read()) })
	mux.HandleFunc("/lab/ticker/reset", func(w http.ResponseWriter, r *http.Request) {
		s.ticker.Reset()
		answer(w, s.ticker.Read())
	})
	mux.HandleFunc("/lab/pauses", func(w http.ResponseWriter, r *http.Request) { answer(w, ReadPauses()) })
	return mux
}

func (s *Shop) switchMode(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/lab/modes/")
	mode, ok := find(name)
	if !ok {
		http.Error(w, "no mode "+strconv.Quote(name)+"; GET /lab/modes lists them", http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodGet:
		answer(w, mode)
	case http.MethodPost:
		scale, err := scaleOf(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := s.Start(name, scale); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusCreated)
		answer(w, mode)
	case http.MethodDelete:
		if !s.Stop(name) {
			http.Error(w, "mode "+strconv.Quote(name)+" is not on", http.StatusConflict)
			return
		}
		answer(w, stopped{Name: name, Stopped: !mode.NeedsRestart, RestartNeeded: mode.NeedsRestart})
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		http.Error(w, "GET, POST or DELETE", http.StatusMethodNotAllowed)
	}
}

func scaleOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("scale")
	if text == "" {
		return 0, nil
	}
	return strconv.Atoi(text)
}

func answer(w http.ResponseWriter, document interface{}) { report(httpapi.WriteJSON(w, document)) }
