package admin

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"time"
)

// programSnapshot is what runs, and how it was built.
type programSnapshot struct {
	Application string     `json:"application,omitempty"`
	Environment string     `json:"environment,omitempty"`
	ContentRoot string     `json:"contentRoot,omitempty"`
	PID         int        `json:"pid"`
	Main        moduleSeen `json:"main"`
	Revision    string     `json:"revision,omitempty"`
	RevisedAt   string     `json:"revisedAt,omitempty"`
	Modified    bool       `json:"modified,omitempty"` // with changes that are in no revision
	Go          string     `json:"go"`
	Platform    string     `json:"platform"`
	CPUs        int        `json:"cpus"`
	Goroutines  int        `json:"goroutines"`
	// Modules are those that the filter lets pass.
	Modules  []moduleSeen  `json:"modules"`
	Profiles []profileSeen `json:"profiles"`
	Graph    string        `json:"graph"` // of the services, for Mermaid
}

type moduleSeen struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

type profileSeen struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func (s *server) lookAtProgram(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	shown := programSnapshot{
		PID: os.Getpid(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0),
		// A stream would send the page anew for each goroutine.
		Goroutines: roughly(runtime.NumGoroutine()), Modules: []moduleSeen{}, Profiles: profiles(), Graph: s.graph(),
	}
	if e := s.sources.Environment; e != nil {
		shown.Application, shown.Environment, shown.ContentRoot = e.ApplicationName, e.Name, e.ContentRoot
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return shown, nil
	}
	shown.Main = moduleSeen{info.Main.Path, cmp.Or(info.Main.Version, "(devel)")}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			shown.Revision = setting.Value
		case "vcs.time":
			shown.RevisedAt = setting.Value
		case "vcs.modified":
			shown.Modified = setting.Value == "true"
		}
	}
	for _, module := range info.Deps {
		if f.matches(module.Path, module.Version) {
			shown.Modules = append(shown.Modules, moduleSeen{module.Path, module.Version})
		}
	}
	return shown, nil
}

// roughly has two digits that are not zero.
func roughly(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return n / unit * unit
}

func profiles() []profileSeen {
	return []profileSeen{
		{"goroutine", "the stacks of all goroutines; ?debug=1 is text by place, ?debug=2 one by one"},
		{"cpu", "where time is spent, during ?seconds=10"},
		{"heap", "where memory was allocated that is in use; ?gc=1 collects garbage first"},
		{"allocs", "where memory was allocated since the start"},
		{"block", "where goroutines wait, if the program sets a rate"},
		{"mutex", "where locks are waited for, if the program sets a rate"},
		{"threadcreate", "where threads were made"},
		{"trace", "what the scheduler does, during ?seconds=2, for go tool trace"},
	}
}

const (
	maxSeconds   = 60
	cpuSeconds   = 10
	traceSeconds = 2
)

// serveProfile writes a profile of package runtime/pprof. None of them has the content of the
// memory in it.
func (s *server) serveProfile(w http.ResponseWriter, r *http.Request) {
	name, query := r.PathValue("name"), r.URL.Query()
	if !slices.ContainsFunc(profiles(), func(p profileSeen) bool { return p.Name == name }) {
		fail(w, http.StatusNotFound, "there is no such profile")
		return
	}
	level := 0
	if text := query.Get("debug"); text == "1" || text == "2" {
		level = int(text[0] - '0')
	}
	seconds := map[string]int{"cpu": cpuSeconds, "trace": traceSeconds}[name]
	if text := query.Get("seconds"); text != "" && seconds > 0 {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxSeconds {
			fail(w, http.StatusBadRequest, fmt.Sprintf("seconds: write a number from 1 to %d", maxSeconds))
			return
		}
		seconds = n
	}
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // which would end the request
	_ = c.SetWriteDeadline(time.Now().Add(time.Duration(seconds)*time.Second + 6*writeTimeout))
	var profile bytes.Buffer
	var err error
	switch name {
	case "cpu":
		if err = pprof.StartCPUProfile(&profile); err == nil {
			s.rest(r.Context(), seconds)
			pprof.StopCPUProfile()
		}
	case "trace":
		if err = trace.Start(&profile); err == nil {
			s.rest(r.Context(), seconds)
			trace.Stop()
		}
	default:
		if query.Get("gc") == "1" {
			runtime.GC()
		}
		err = pprof.Lookup(name).WriteTo(&profile, level)
	}
	if err != nil {
		fail(w, http.StatusConflict, textOf(err))
		return
	}
	if level > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.pprof"`)
	}
	_, _ = w.Write(profile.Bytes())
}

// rest waits, but not when nobody waits for the profile, and not when the host stops.
func (s *server) rest(ctx context.Context, seconds int) {
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.sources.Lifetime.StopRequested():
	}
}
