package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/admin"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

const token = "open-sesame-open-sesame"

// evil is a text from outside.
const evil = `<script>document.title = "pwned"</script><img src=x onerror="document.title='pwned'">`

// invoice is a message with secrets.
type invoice struct {
	Number   int
	Customer string `json:"customer"`
	Card     string `json:"card" secret:"true"`
	Password string
}

// shop is the application that is watched.
type shop struct {
	admin  *admin.Admin
	host   *hosttest.Host
	sender queue.Sender[invoice]
	jobs   *background.Jobs
	queues *queue.Queues

	broken   atomic.Bool // mail cannot be sent
	mu       sync.Mutex
	handled  []int
	stopping chan struct{} // a poller does not stop before it is closed
}

type (
	store  struct{ background.BackgroundService }
	poller struct {
		background.BackgroundService

		shop *shop
	}
	syncJob struct{ shop *shop }
)

func (*store) ExecuteAsync(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (p *poller) ExecuteAsync(ctx context.Context) error {
	<-ctx.Done()
	<-p.shop.stopping
	return nil
}

func (j *syncJob) Run(context.Context) error {
	if j.shop.broken.Load() {
		return errors.New("prices: " + evil)
	}
	return nil
}

type workerOptions struct {
	Interval time.Duration
	Key      config.Secret
}

// openShop starts a host with the page at a free port.
func openShop(tb testing.TB, settings hosttest.Settings) *shop {
	tb.Helper()
	s := newShop(tb, settings)
	if err := s.host.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return s
}

func newShop(tb testing.TB, settings hosttest.Settings, options ...fx.Option) *shop {
	tb.Helper()
	s := &shop{stopping: make(chan struct{})}
	s.broken.Store(true)
	all := hosttest.Settings{
		"Admin:Token": token, "Worker:Interval": "5s", "Worker:Key": "classified key", "Unread:Thing": "classified thing",
		"Logging:LogLevel:Default": "Information", "shutdownTimeoutSeconds": 600,
	}
	maps.Copy(all, settings)
	options = append(options,
		admin.Use(), config.Configure[workerOptions]("Worker"),
		hosttest.With(func(b *host.Builder) {
			b.ConfigureOptions(func(o *host.Options) { o.AllowUnreadSettings = true })
			b.Environment.ApplicationName = "shop"
		}),
		health.Use(), health.AddCheckFunc("database", func(context.Context) error { return errors.New("no connection to " + evil) }),
		hosted.AddHostedService[*store](func() *store { return &store{} }, hosted.Name("store")),
		hosted.AddHostedService[*poller](func(*store) *poller { return &poller{shop: s} }, hosted.Name("poller")),
		background.AddJob[*syncJob](func() *syncJob { return &syncJob{s} }, background.Every(time.Hour), background.Name("sync-prices")),
		queue.Handle[invoice](queue.HandlerFunc[invoice](s.handle), queue.Name("invoices")),
		fx.Populate(&s.admin, &s.sender, &s.jobs, &s.queues),
	)
	s.host = hosttest.New(tb, all, options...)
	tb.Cleanup(func() { // before that of the host
		// A run that the stop meets must not fail: that would be an error of the stop.
		s.broken.Store(false)
		eventually(tb, "the end of a run", func() bool {
			if s.jobs == nil {
				return true // the build has failed
			}
			status, _ := s.jobs.Get("sync-prices")
			return !status.Running
		})
		select {
		case <-s.stopping:
		default:
			close(s.stopping)
		}
	})
	return s
}

func (s *shop) handle(_ context.Context, m invoice) error {
	if s.broken.Load() {
		return queue.Permanent(fmt.Errorf("mailbox of %s is full: %s", m.Customer, evil))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handled = append(s.handled, m.Number)
	return nil
}

// bury makes dead letters.
func (s *shop) bury(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if err := s.sender.Send(t.Context(), invoice{i, fmt.Sprintf("customer-%d", i%3), "4111-classified", "hunter2-classified"}); err != nil {
			t.Fatal(err)
		}
	}
	s.waitForDead(t, int64(n))
}

func (s *shop) waitForDead(t *testing.T, n int64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d dead letters", n), func() bool {
		return s.queues.List(t.Context())[0].Stats.Dead == n
	})
}

// eventually waits for a condition.
func eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
	}
	tb.Fatalf("waited in vain for %s", what)
}

func (s *shop) origin() string { return "http://" + s.admin.Addresses()[0] }

// client does not follow redirects, and leaves no connection.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// change changes a request.
type change func(*http.Request)

func header(name, value string) change { return func(r *http.Request) { r.Header.Set(name, value) } }

func asHost(name string) change { return func(r *http.Request) { r.Host = name } }

func anonymous(r *http.Request) { r.Header.Del("Authorization") }

// ask makes a request with the token.
func (s *shop) ask(t *testing.T, method, path string, form url.Values, changes ...change) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.origin()+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range changes {
		c(request)
	}
	response, err := client(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// get reads a topic as JSON.
func get[T any](t *testing.T, s *shop, path string) T {
	t.Helper()
	response, body := s.ask(t, http.MethodGet, "/api/v1/"+path, nil)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", path, response.Status, body)
	}
	var value T
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// post takes an action, which has to be answered so.
func (s *shop) post(t *testing.T, path string, form url.Values, status int, changes ...change) string {
	t.Helper()
	response, body := s.ask(t, http.MethodPost, "/api/v1/"+path, form, changes...)
	if response.StatusCode != status {
		t.Errorf("%s %v: %s, want %d: %s", path, form, response.Status, status, body)
	}
	return body
}

// form are the values of a form: names and values in turn.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

// containsHidden tells whether a text has one of the secrets of the shop.
func containsHidden(text string) bool { return strings.Contains(text, "classified") }
