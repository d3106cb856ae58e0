package hosted_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
)

type (
	first  struct{ plain }
	second struct{ plain }
	third  struct{ plain }
)

func TestAfterPutsAServiceBehindAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		named := func(name string) plain { return plain{name: name, journal: a.journal} }
		a.build(t,
			hosted.AddHostedService[*first](func() *first { return &first{named("1")} }, hosted.After[*second]()),
			a.hook("hook", works, works),
			a.plain("a", nil),
			hosted.AddInstance(&second{named("2")}, hosted.After[*third]()),
			hosted.AddInstance(&third{named("3")}),
			a.plain("b", nil),
		)
		a.start(t)
		a.want(t, "hook start, a start, 3 start, 2 start, 1 start, b start")
		a.stop(t)
		a.want(t, "b stop, 1 stop, 2 stop, 3 stop, a stop, hook stop")
	})
}

// With concurrency, layers run side by side.
func TestAfterMakesLayers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		slow := steps{"start": takes(time.Second), "stop": takes(time.Second)}
		named := func(name string) plain { return plain{name: name, journal: a.journal, steps: slow} }
		a.build(t,
			hosted.AddInstance(&third{named("third")}, hosted.After[*second]()),
			hosted.AddInstance(&second{named("second")}, hosted.After[*first]()),
			hosted.AddInstance(&first{named("first")}), a.plain("a", slow), a.plain("b", slow))
		begin := time.Now()
		a.start(t)
		wantTook(t, begin, 3*time.Second)
		calls := a.take()
		wantSame(t, calls[:3], "first start", "a start", "b start")
		if got := calls[3:]; !slices.Equal(got, []string{"second start", "third start"}) {
			t.Errorf("calls %v", calls)
		}
		a.stop(t)
		calls = a.take()
		if got := calls[:2]; !slices.Equal(got, []string{"third stop", "second stop"}) {
			t.Errorf("calls %v", calls)
		}
	})
}

func TestMistakesInAnOrderAreErrors(t *testing.T) {
	t.Parallel()
	for want, options := range map[string][]fx.Option{
		`hosted: service "hosted_test.first" (`: {hosted.AddInstance(&first{}, hosted.After[*second]())},
		`hosted: services come after each other in a cycle: "1" after "2" after "3" after "1": remove one hosted.After`: {
			hosted.AddInstance(&simple{}),
			hosted.AddInstance(&first{}, hosted.Name("1"), hosted.After[*second]()),
			hosted.AddInstance(&second{}, hosted.Name("2"), hosted.After[*third]()),
			hosted.AddInstance(&third{}, hosted.Name("3"), hosted.After[*first]()),
		},
		`in a cycle: "1" after "1"`: {hosted.AddInstance(&first{}, hosted.Name("1"), hosted.After[*first]())},
		`), and has hosted.First: give it to both`: {
			hosted.AddInstance(&first{}, hosted.First(), hosted.After[*second]()), hosted.AddInstance(&second{}),
		},
		`), which has hosted.Last: give it to both`: {
			hosted.AddInstance(&first{}, hosted.After[*second]()), hosted.AddInstance(&second{}, hosted.Last()),
		},
		`), and has hosted.First, while the other has hosted.Last: remove one`: {
			hosted.AddInstance(&first{}, hosted.First(), hosted.After[*second]()), hosted.AddInstance(&second{}, hosted.Last()),
		},
		// The one that contradicts is named, not the whole chain.
		`hosted: service "2" (`: {
			hosted.AddInstance(&first{}, hosted.Name("1"), hosted.After[*second]()),
			hosted.AddInstance(&second{}, hosted.Name("2"), hosted.After[*third]()),
			hosted.AddInstance(&third{}, hosted.Name("3"), hosted.Last()),
		},
		`in a cycle: "1" after "2" after "1"`: {
			hosted.AddInstance(&first{}, hosted.Name("1"), hosted.Last(), hosted.After[*second]()),
			hosted.AddInstance(&second{}, hosted.Name("2"), hosted.Last(), hosted.After[*first]()),
		},
	} {
		a := newApplication(hosted.Options{})
		a.build(t, options...)
		err := a.Check()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
		if started := a.Start(t.Context()); fmt.Sprint(started) != fmt.Sprint(err) {
			t.Errorf("Start: %v", started)
		}
	}
}

func TestFirstAndLastAreAroundAllOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t,
			a.plain("web", nil, hosted.Last()),
			a.hook("hook", works, works),
			a.plain("a", nil),
			a.full("health", nil, hosted.First()),
			fx.Module("child", a.plain("admin", nil, hosted.Last()), a.plain("b", nil)),
			a.plain("watchdog", nil, hosted.First()),
			a.hook("door", works, works),
		)
		a.start(t)
		a.want(t, "health starting, health start, watchdog start, b start, hook start, a start, door start, "+
			"admin start, web start, health started")
		a.stop(t)
		a.want(t, "health stopping, web stop, admin stop, door stop, a stop, hook stop, b stop, watchdog stop, health stop, health stopped")
	})
}

// The hooks of what the constructor takes are hooks like all others, and so are
// those that are appended when the services are known already.
func TestFirstAndLastAreAroundHooksOfAnyAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		var lifecycle fx.Lifecycle
		a.build(t,
			fx.Populate(&lifecycle),
			fx.Provide(func(l fx.Lifecycle) *journal {
				l.Append(fx.StartStopHook(func() { a.note("pool start") }, func() { a.note("pool stop") }))
				return a.journal
			}),
			hosted.AddHostedService[*plain](
				func(j *journal) *plain { return &plain{name: "health", journal: j} }, hosted.First()),
			a.plain("web", nil, hosted.Last()),
		)
		lifecycle.Append(fx.StartStopHook(func() { a.note("late start") }, func() { a.note("late stop") }))
		a.start(t)
		a.want(t, "health start, pool start, late start, web start")
		a.stop(t)
		a.want(t, "web stop, late stop, pool stop, health stop")
	})
}

// With concurrency, those that come first are a layer before all, and hooks stay
// between them and the others.
func TestFirstAndLastAreLayers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		slow := steps{"start": takes(time.Second), "stop": takes(time.Second)}
		named := func(name string) plain { return plain{name: name, journal: a.journal, steps: slow} }
		a.build(t,
			a.plain("web", slow, hosted.Last()),
			a.plain("a", slow),
			a.plain("admin", slow, hosted.Last()),
			hosted.AddInstance(&second{named("second")}, hosted.First(), hosted.After[*first]()),
			a.hook("hook", works, works),
			a.plain("b", slow),
			hosted.AddInstance(&first{named("first")}, hosted.First()),
			a.plain("health", slow, hosted.First()),
		)
		begin := time.Now()
		a.start(t)
		wantTook(t, begin, 4*time.Second)
		calls := a.take()
		wantSame(t, calls[:2], "first start", "health start")
		if !slices.Equal(calls[2:4], []string{"second start", "hook start"}) {
			t.Errorf("calls %v", calls)
		}
		wantSame(t, calls[4:6], "a start", "b start")
		wantSame(t, calls[6:], "web start", "admin start")

		begin = time.Now()
		a.stop(t)
		wantTook(t, begin, 4*time.Second)
		calls = a.take()
		wantSame(t, calls[:2], "web stop", "admin stop")
		wantSame(t, calls[2:4], "a stop", "b stop")
		if !slices.Equal(calls[4:6], []string{"hook stop", "second stop"}) {
			t.Errorf("calls %v", calls)
		}
		wantSame(t, calls[6:], "first stop", "health stop")
	})
}

// What comes first is there also while a failed start is rolled back, and what
// comes last has not begun.
func TestFirstAndLastInAStartThatFails(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]hosted.Options{"one by one": {}, "concurrently": concurrently} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(options)
				a.build(t,
					a.plain("web", nil, hosted.Last()),
					a.plain("a", nil),
					a.hook("hook", fails, works),
					a.plain("health", nil, hosted.First()),
				)
				if err := a.Start(t.Context()); !errors.Is(err, errBroken) {
					t.Errorf("error %v", err)
				}
				calls := a.take()
				if calls[0] != "health start" || calls[len(calls)-1] != "health stop" {
					t.Errorf("calls %v", calls)
				}
				if slices.Contains(calls, "web start") {
					t.Errorf("what comes last was started: %v", calls)
				}
			})
		})
	}
}

// A group restarts its services in the same order.
func TestFirstAndLastWithinAGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, faulty := a.flaky("w", nil)
		a.build(t, hosted.Group("group", hosted.OneForAll, exactly,
			a.plain("web", nil, hosted.Last()), faulty, a.plain("health", nil, hosted.First())))
		a.start(t)
		a.want(t, "health start, w start, web start")
		w.end(errBroken)
		time.Sleep(time.Minute)
		a.want(t, "web stop, w stop, health stop, health start, w start, web start")
		a.stop(t)
		a.want(t, "web stop, w stop, health stop")
	})
}

func TestFirstAndLastContradictEachOther(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), hosted.AddInstance(&simple{}, hosted.First(), hosted.Last())).Err()
	if want := "hosted.First and hosted.Last contradict each other: remove one"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error lacks %q: %v", want, err)
	}
}
