package lab

import (
	"net/http"
	"strconv"
	"strings"

	"shop/clients/redis"
)

// setting is a value of the shop's configuration that it takes over while it runs.
type setting struct {
	get func() string
	set func(value string) error
}

// offer lets a setting be changed over the switchboard as long as the mode is on.
func (s *Site) offer(name string, offered setting) {
	if s.settings == nil {
		s.settings = make(map[string]setting)
	}
	s.settings[name] = offered
}

// poolSize is the setting of how many connections a pool lends at once.
func poolSize(pool *redis.Pool) setting {
	return setting{
		get: func() string { return strconv.Itoa(pool.Size()) },
		set: func(value string) error {
			size, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			return pool.Resize(size)
		},
	}
}

// offered are the settings of all modes that are on.
func (s *Shop) offered() map[string]setting {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]setting)
	for _, site := range s.running {
		for name, offered := range site.settings {
			all[name] = offered
		}
	}
	return all
}

// settings lists what can be set now, and its values.
func (s *Shop) settings(w http.ResponseWriter, r *http.Request) {
	values := make(map[string]string)
	for name, offered := range s.offered() {
		values[name] = offered.get()
	}
	answer(w, values)
}

// changeSetting serves PUT /lab/settings/NAME?value=…
func (s *Shop) changeSetting(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/lab/settings/")
	offered, ok := s.offered()[name]
	if !ok {
		http.Error(w, "no setting "+strconv.Quote(name)+" now; GET /lab/settings lists them", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPut {
		w.Header().Set("Allow", "PUT")
		http.Error(w, "PUT", http.StatusMethodNotAllowed)
		return
	}
	if err := offered.set(r.URL.Query().Get("value")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.settings(w, r)
}
