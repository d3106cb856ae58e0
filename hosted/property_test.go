package hosted_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/hosted"
)

// chaos makes services that do anything in any phase, and stops at any time.
type chaos struct {
	*rand.Rand
	hang step
}

func (c chaos) step() step {
	switch c.IntN(12) {
	case 0:
		return fails
	case 1:
		return panics
	case 2:
		return exits
	case 3:
		return waits
	case 4:
		return c.hang
	case 5:
		return takes(time.Duration(c.IntN(200)) * time.Millisecond)
	case 6:
		return takes(time.Duration(c.IntN(60)) * time.Second)
	default:
		return works
	}
}

// mostly is step for starts, which would else hardly ever succeed.
func (c chaos) mostly() step {
	if c.IntN(4) > 0 {
		return works
	}
	return c.step()
}

func (c chaos) steps() steps {
	return steps{
		"starting": c.mostly(), "start": c.mostly(), "started": c.mostly(),
		"stopping": c.step(), "stop": c.step(), "stopped": c.step(),
	}
}

func (c chaos) option(a *application, name string) fx.Option {
	switch c.IntN(4) {
	case 0:
		return a.plain(name, c.steps(), hosted.StartTimeout(10*time.Second))
	case 1:
		return a.hook(name, c.mostly(), c.step())
	default:
		return a.full(name, c.steps(), hosted.StopTimeout(10*time.Second))
	}
}

// Rules 5, 6 and 7, whatever services do and whenever a stop is asked for: no
// method is called twice, what has started is stopped, nobody starts after the
// stop, the stop is bounded, no failure is lost, and all who ask for the stop
// get the same result.
func TestWhateverServicesDo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				a := newApplication(hosted.Options{
					StartupTimeout:            time.Duration(random.IntN(2)) * 20 * time.Second,
					ServicesStartConcurrently: random.IntN(3) == 0,
					ServicesStopConcurrently:  random.IntN(3) == 0,
				})
				t.Cleanup(func() { a.wantOneStopPerStart(t) })
				t.Cleanup(func() { time.Sleep(24 * time.Hour) }) // for who was left behind
				c := chaos{random, hangs(t)}
				options := make([]fx.Option, 1+c.IntN(8))
				for i := range options {
					options[i] = c.option(a, fmt.Sprint("s", i))
				}
				a.build(t, options...)
				a.liveThrough(t, c)
			})
		})
	}
}

// liveThrough starts a, and stops it from several sides at random times.
func (a *application) liveThrough(t *testing.T, c chaos) {
	t.Helper()
	var others sync.WaitGroup
	results := make(chan error, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := func() time.Duration { return time.Duration(c.IntN(50_000)) * time.Millisecond }
	for range c.IntN(3) {
		after := at()
		others.Go(func() {
			time.Sleep(after)
			results <- a.Stop(context.Background())
		})
	}
	if c.IntN(3) == 0 {
		time.AfterFunc(at(), func() { a.Lifetime().StopApplication(errBroken) })
	}
	if c.IntN(4) == 0 {
		time.AfterFunc(at(), cancel)
	}

	var started error
	others.Go(func() { started = a.Start(ctx) })
	time.Sleep(at())
	begin := time.Now()
	results <- a.Stop(context.Background())
	if took := time.Since(begin); took >= budget+time.Second {
		t.Errorf("the stop took %v", took)
	}
	a.note("over")
	others.Wait()
	close(results)
	first := fmt.Sprint(<-results)
	a.wantFailuresIn(t, fmt.Sprint(started, first))
	for other := range results {
		if fmt.Sprint(other) != first {
			t.Errorf("one stop returned\n%v\nanother\n%s", other, first)
		}
	}
}

// wantFailuresIn looks for every failure that was logged.
func (a *application) wantFailuresIn(t *testing.T, text string) {
	t.Helper()
	for _, entry := range a.logs.FilterLevelExact(zapcore.ErrorLevel).All() {
		name, ok := entry.ContextMap()["service"].(string)
		forgiven := entry.Message == "cleanup after failed start failed"
		if ok && !forgiven && !strings.Contains(text, fmt.Sprintf("service %q: ", name)) {
			t.Errorf("no error of service %s (%s) in\n%s", name, entry.Message, text)
		}
	}
}

// wantOneStopPerStart looks through the calls of all services.
func (a *application) wantOneStopPerStart(t *testing.T) {
	t.Helper()
	calls := map[string]int{}
	over := false
	for _, call := range a.take() {
		if over && !strings.HasSuffix(call, " stop") {
			t.Errorf("%s after the stop", call)
		}
		over = over || call == "over"
		calls[call]++
	}
	for call, n := range calls {
		if n > 1 {
			t.Errorf("%s %d times", call, n)
		}
		if name, isStop := strings.CutSuffix(call, " stop"); isStop && calls[name+" start"] == 0 {
			t.Errorf("%s without a start", call)
		}
	}
	for _, status := range a.Services().List() {
		if status.State == hosted.StateStarting || status.State == hosted.StateRunning || status.State == hosted.StateStopping {
			t.Errorf("%s is %v in the end", status.Name, status.State)
		}
		if status.Starts != calls[status.Name+" start"] {
			t.Errorf("%s: %d starts", status.Name, status.Starts)
		}
		if status.State == hosted.StateStopped && calls[status.Name+" stop"] != 1 {
			t.Errorf("%s is stopped without a stop", status.Name)
		}
	}
}
