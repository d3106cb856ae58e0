package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

var errBroken = errors.New("broken")

// The messages of the program.
type (
	order   struct{ ID int }
	doomed  struct{}
	unheard struct{}
)

// program has one of everything that telemetry watches.
type program struct {
	*hosttest.Host

	server      *web.Server
	health      *health.Health
	config      *config.Manager
	queues      *queue.Queues
	jobs        *background.Jobs
	services    *hosted.Services
	environment *host.Environment
	ordered     atomic.Int32
	reports     atomic.Int32
}

type report struct{ p *program }

func (r *report) Run(context.Context) error {
	if r.p.reports.Add(1) > 1 {
		return errBroken
	}
	return nil
}

// faulty ends with an error at once.
type faulty struct{ background.BackgroundService }

func (*faulty) ExecuteAsync(context.Context) error { return errBroken }

func startProgram(t *testing.T) *program {
	t.Helper()
	p := &program{}
	handler := func(orders queue.Sender[order], bad queue.Sender[doomed], nobody queue.Sender[unheard]) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			if err := orders.Send(r.Context(), order{1}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			w.WriteHeader(http.StatusAccepted)
		})
		mux.HandleFunc("POST /doomed", func(w http.ResponseWriter, r *http.Request) {
			if err := bad.Send(r.Context(), doomed{}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
		mux.HandleFunc("POST /unheard", func(w http.ResponseWriter, r *http.Request) {
			if err := nobody.Send(r.Context(), unheard{}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
		mux.HandleFunc("POST /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		return mux
	}
	p.Host = hosttest.Start(t, hosttest.Settings{"Servers:public:Urls": "http://127.0.0.1:0", "Health:Urls": "http://127.0.0.1:0"},
		telemetry.Use(),
		health.Use(),
		health.AddCheckFunc("disk", func(context.Context) error { return nil }),
		web.AddServer("public", handler),
		queue.Handle[order](func() queue.HandlerFunc[order] {
			return func(context.Context, order) error { p.ordered.Add(1); return nil }
		}),
		queue.Handle[doomed](func() queue.HandlerFunc[doomed] {
			return func(context.Context, doomed) error { return fmt.Errorf("handling: %w", errBroken) }
		}, queue.Attempts(2), queue.Backoff(time.Millisecond, time.Millisecond)),
		queue.Declare[unheard](),
		fx.Supply(p),
		background.AddJob[*report](func(p *program) *report { return &report{p} }, background.Every(time.Hour), background.Name("report")),
		hosted.AddHostedService[*faulty](func() *faulty { return &faulty{} }, hosted.Name("faulty"), hosted.OnFault(hosted.Ignore)),
		fx.Populate(&p.health, &p.config, &p.queues, &p.jobs, &p.services, &p.environment, fx.Annotate(&p.server, fx.ParamTags(`name:"public"`))))
	return p
}

// post asks the server of the program, and returns the status, 0 if there was none.
func (p *program) post(t *testing.T, path string, headers map[string]string) int {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.server.URLs()[0]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range headers {
		request.Header.Set(key, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// dead is how many dead letters there are.
func (p *program) dead(ctx context.Context) (dead int64) {
	for _, q := range p.queues.List(ctx) {
		dead += max(0, q.Stats.Dead)
	}
	return dead
}

// await waits for real things to become true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come true", what)
		}
	}
}

// useAll has everything that is watched happen.
func (p *program) useAll(t *testing.T) {
	t.Helper()
	for path, want := range map[string]int{
		"/orders/7": http.StatusAccepted, "/doomed": http.StatusOK, "/unheard": http.StatusInternalServerError, "/abort": 0, "/nowhere": http.StatusNotFound,
	} {
		if got := p.post(t, path, nil); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
	if err := p.config.Reload(); err != nil {
		t.Error(err)
	}
	for n := range int32(2) { // the second one fails
		if err := p.jobs.RunNow("report"); err != nil {
			t.Fatal(err)
		}
		await(t, "a run of the job", func() bool {
			job, _ := p.jobs.Get("report")
			return p.reports.Load() == n+1 && !job.Running
		})
	}
	await(t, "an order", func() bool { return p.ordered.Load() == 1 })
	await(t, "a dead letter", func() bool { return p.dead(t.Context()) == 1 })
	await(t, "a result of the check", func() bool { return !p.health.Report(health.Live).Checks[0].At.IsZero() })
	await(t, "a fault", func() bool { s, _ := p.services.Get("faulty"); return s.Faults == 1 })
}
