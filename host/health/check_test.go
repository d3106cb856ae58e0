package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
)

// A check that decides nothing is shown, and no more; a tagged one decides.
func TestWhatAFailedCheckDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tags                 []health.Probe
		live, ready, startup string
		status               string // of ready
	}{
		"untagged": {nil, "ok", "ok", "ok", "degraded"},
		"ready":    {[]health.Probe{health.Ready}, "ok", "not ready: check db is unhealthy", "ok", "unhealthy"},
		"live":     {[]health.Probe{health.Live}, "not live: check db is unhealthy", "ok", "ok", "degraded"},
		"startup":  {[]health.Probe{health.Startup}, "ok", "ok", "not started: check db is unhealthy", "degraded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, h := start(t, nil, health.AddCheckFunc("db",
					func(context.Context) error { return errors.New("no route") }, health.Tags(test.tags...)))
				synctest.Wait()
				got := []string{text(h.Live()), text(h.Ready()), text(h.Startup()), verbose(t, h, health.Ready).Status}
				if want := []string{test.live, test.ready, test.startup, test.status}; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			})
		})
	}
}

// What has not run yet is not healthy.
func TestACheckThatHasNotRunIsNotHealthy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		_, h := start(t, nil, health.AddCheckFunc("cache", func(context.Context) error {
			<-release
			return nil
		}, health.Tags(health.Ready, health.Startup), health.Timeout(time.Hour)))
		for range 2 {
			if got := text(h.Ready()); got != "not ready: check cache has not run yet" {
				t.Errorf("ready: %s", got)
			}
			if got := text(h.Startup()); got != "not started: check cache has not run yet" {
				t.Errorf("started: %s", got)
			}
			synctest.Wait()
		}
		if c := verbose(t, h, health.Ready).Checks[0]; c.Status != "unhealthy" || c.Age != "" {
			t.Errorf("%+v", c)
		}
		close(release)
		synctest.Wait()
		if err := errors.Join(h.Ready(), h.Startup()); err != nil {
			t.Error(err)
		}
	})
}

// A check runs when its interval has passed since the last result, however often a
// probe asks.
func TestProbesRunNoChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs, at atomic.Int32
		_, h := start(t, nil, health.AddCheckFunc("db", func(context.Context) error {
			runs.Add(1)
			if at.Add(1) > 1 {
				t.Error("runs twice at a time")
			}
			time.Sleep(time.Second)
			at.Add(-1)
			return nil
		}, health.Interval(9*time.Second)))
		handler := h.Handler(health.Ready)
		for range 5900 { // 100 a second
			time.Sleep(10 * time.Millisecond)
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/readyz?verbose", nil))
		}
		if n := runs.Load(); n != 6 {
			t.Errorf("%d runs in 59 seconds", n)
		}
	})
}

func TestTheAgeOfAResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := start(t, nil, health.AddCheckFunc("db", func(context.Context) error {
			time.Sleep(30 * time.Millisecond)
			return nil
		}))
		time.Sleep(5*time.Second + 30*time.Millisecond)
		c := verbose(t, h, health.Ready).Checks[0]
		if c.Age != "5s" || c.Elapsed != "30ms" || c.Status != "healthy" {
			t.Errorf("%+v", c)
		}
	})
}

// It is told once, leaves no goroutine behind for each timeout, and recovers by itself.
func TestACheckThatHangsIsNotRunAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		host, h := start(t, nil, health.AddCheckFunc("db", func(context.Context) error {
			if runs.Add(1) == 1 {
				<-release // ignores its context
			}
			return nil
		}, health.Tags(health.Ready), health.Timeout(2*time.Second)))
		time.Sleep(time.Hour)
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs", n)
		}
		if got := text(h.Ready()); got != "not ready: check db is unhealthy" {
			t.Errorf("ready: %s", got)
		}
		if c := h.Report(health.Ready).Checks[0]; text(c.Err) != "2s check timeout reached" {
			t.Errorf("%v", c.Err)
		}
		if n := host.Logs.FilterMessage("health check hangs: it is not run again before it returns").Len(); n != 1 {
			t.Errorf("told %d times", n)
		}
		close(release)
		time.Sleep(time.Minute)
		if err := h.Ready(); err != nil {
			t.Error(err)
		}
		if n := host.Logs.FilterMessage("health check passes again").Len(); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

// The stop does not wait for it, nor for one that is on its way.
func TestTheStopDoesNotWaitForAHangingCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ended := make(chan error, 1)
		host, _ := start(t, nil,
			health.AddCheckFunc("hangs", func(context.Context) error { <-release; return nil }),
			health.AddCheckFunc("heeds", func(ctx context.Context) error {
				<-ctx.Done()
				ended <- ctx.Err()
				return ctx.Err()
			}, health.Timeout(time.Hour)))
		synctest.Wait()
		begin := time.Now()
		if err := host.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("the stop took %v", took)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := host.Logs.FilterMessage("health check failed").Len(); n != 0 {
			t.Error("what a check says because the host stops was logged")
		}
		close(release)
	})
}

// The text of an error is shown only if the settings say so, and on one line.
func TestTheResultsOfChecks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check  func(context.Context) error
		status string
		err    string
	}{
		"nil":          {func(context.Context) error { return nil }, "healthy", ""},
		"error":        {func(context.Context) error { return errors.New("no route\nto db") }, "unhealthy", `no route\nto db`},
		"degraded":     {func(context.Context) error { return health.AsDegraded(errors.New("slow")) }, "degraded", "slow"},
		"degraded nil": {func(context.Context) error { return health.AsDegraded(nil) }, "healthy", ""},
		"wrapped":      {func(context.Context) error { return fmt.Errorf("db: %w", health.AsDegraded(errors.New("slow"))) }, "degraded", "db: slow"},
		"panic":        {func(context.Context) error { panic("boom") }, "unhealthy", "panic: boom"},
		"goexit":       {func(context.Context) error { runtime.Goexit(); return nil }, "unhealthy", "goroutine exited without returning (runtime.Goexit)"},
		"bad error":    {func(context.Context) error { return (*badError)(nil) }, "unhealthy", "an error that cannot say what it is"},
		"timeout":      {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "unhealthy", "5s check timeout reached"},
		"timeout with a reason": {
			func(ctx context.Context) error { <-ctx.Done(); return errors.New("read: i/o timeout") },
			"unhealthy", "5s check timeout reached: read: i/o timeout",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, show := range []bool{true, false} {
					host, h := start(t, hosttest.Settings{"Health:ShowErrors": show}, health.AddCheckFunc("db", test.check))
					time.Sleep(time.Minute)
					c := verbose(t, h, health.Ready).Checks[0]
					if want := map[bool]string{true: test.err}[show]; c.Status != test.status || c.Error != want {
						t.Errorf("show %v: %+v", show, c)
					}
					want := 1 // however often it runs
					if test.status == "healthy" {
						want = 0
					}
					if n := host.Logs.FilterMessage("health check failed").Len(); n != want {
						t.Errorf("logged %d times", n)
					}
				}
			})
		})
	}
}

// badError panics when it is asked for its text.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

// cache is a Check with a constructor.
type cache struct {
	log  *zap.Logger
	full atomic.Bool
}

func newCache(log *zap.Logger) *cache { return &cache{log: log} }

func (c *cache) CheckHealth(context.Context) error {
	c.log.Info("asked")
	if !c.full.Load() {
		return errors.New("empty")
	}
	return nil
}

func TestAddCheckConstructsTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host, h := start(t, nil,
			health.AddCheck[*cache]("cache", newCache, health.Tags(health.Ready)),
			health.AddCheck[*cache]("the same", nil),
			health.AddCheckOf("full", func(c *cache, _ context.Context) error {
				c.full.Store(true)
				return nil
			}))
		synctest.Wait()
		time.Sleep(time.Minute)
		if err := h.Ready(); err != nil || len(h.Report(health.Ready).Checks) != 3 {
			t.Errorf("%v, %v", err, h.Report(health.Ready).Checks)
		}
		if host.Logs.FilterMessage("asked").All()[0].LoggerName != "health.cache" {
			t.Error("its logger has not its name")
		}
	})
}

func TestMistakesInAddCheck(t *testing.T) {
	t.Parallel()
	ok := func(context.Context) error { return nil }
	for name, test := range map[string]struct {
		options fx.Option
		want    string
	}{
		"no name":     {health.AddCheckFunc(" ", ok), "health: AddCheckFunc(\" \") at LINE: name is empty"},
		"nil":         {health.AddCheckFunc("db", nil), "health: AddCheckFunc(\"db\") at LINE: check is nil"},
		"nil method":  {health.AddCheckOf[*cache]("db", nil), "health: AddCheckOf(\"db\") at LINE: check is nil"},
		"nil option":  {health.AddCheckFunc("db", ok, nil), "at LINE: option 1 is nil"},
		"interval":    {health.AddCheckFunc("db", ok, health.Interval(0)), "health.Interval: 0s: must be more than zero"},
		"timeout":     {health.AddCheckFunc("db", ok, health.Timeout(-1)), "health.Timeout: -1ns: must be more than zero"},
		"tag":         {health.AddCheckFunc("db", ok, health.Tags("Ready")), `health.Tags: no probe "Ready"; there are health.Live, health.Ready and health.Startup`},
		"constructor": {health.AddCheck[*cache]("db", 5), `health: AddCheck("db") at LINE: constructor is a int`},
		"nil check":   {health.AddCheck[*cache]("db", func() *cache { return nil }), `health: check "db" (LINE): its constructor returned nil without an error`},
		"twice":       {fx.Options(health.AddCheckFunc("db", ok), health.AddCheckFunc("db", ok)), `health: check "db" is added twice, at LINE and at LINE: remove one, or give it another name`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builder, _ := hosttest.NewBuilder(t, nil, health.Use(), test.options)
			_, err := builder.Build()
			if err == nil || !strings.Contains(line.ReplaceAllString(err.Error(), "LINE"), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	builder, _ := hosttest.NewBuilder(t, nil, health.AddCheckFunc("db", ok))
	if _, err := builder.Build(); err == nil || !strings.Contains(line.ReplaceAllString(err.Error(), "LINE"),
		`health: check "db" (LINE) has nothing to run it: add health.Use()`) {
		t.Errorf("without Use: %v", err)
	}
}

var line = regexp.MustCompile(`[^\s(]*check_test\.go:\d+`)

// A Status that is none of the constants has a text, too.
func TestAStatusHasAText(t *testing.T) {
	t.Parallel()
	if text := fmt.Sprintf("%v %v %s", health.Unhealthy, health.Healthy, health.Status(9).String()); text != "unhealthy healthy Status(9)" {
		t.Error(text)
	}
}
