package hosted_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

var concurrently = hosted.Options{ServicesStartConcurrently: true, ServicesStopConcurrently: true}

// Rule 3, ST-11, SP-3.
func TestConcurrentServicesRunSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		a.build(t,
			a.plain("a", steps{"start": takes(time.Second), "stop": takes(3 * time.Second)}),
			a.plain("b", steps{"start": takes(2 * time.Second), "stop": takes(2 * time.Second)}),
			a.plain("c", steps{"start": takes(3 * time.Second), "stop": takes(time.Second)}),
		)

		begin := time.Now()
		a.start(t)
		wantTook(t, begin, 3*time.Second)
		wantSame(t, a.take(), "a start", "b start", "c start")
		begin = time.Now()
		a.stop(t)
		wantTook(t, begin, 3*time.Second)
		wantSame(t, a.take(), "a stop", "b stop", "c stop")
	})
}

// Rule 2, ST-9: barriers also here.
func TestPhasesOfConcurrentServicesAreBarriers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		slow := takes(time.Second)
		all := steps{"starting": slow, "start": slow, "started": slow, "stopping": slow, "stop": slow, "stopped": slow}
		a.build(t, a.full("a", all), a.full("b", nil))

		a.start(t)
		a.stop(t)

		calls := a.take()
		for i, phase := range []string{"starting", "start", "started", "stopping", "stop", "stopped"} {
			wantSame(t, calls[2*i:2*i+2], "a "+phase, "b "+phase)
		}
	})
}

// Rule 3, ST-11, ST-13: all are called, all failures are reported, in
// registration order whichever came first; the others are rolled back.
func TestEveryFailureOfAConcurrentStartIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		a.build(t,
			a.plain("a", steps{"start": func(context.Context) error {
				time.Sleep(2 * time.Second)
				return errBroken
			}}),
			a.plain("b", steps{"start": fails}),
			a.plain("c", steps{"start": panics}),
			a.plain("d", steps{"start": takes(time.Second)}),
		)

		err := a.Start(t.Context())

		wantText(t, err,
			`host: start service "a": broken`,
			`host: start service "b": broken`,
			`host: start service "c": panic: oops`)
		wantSame(t, a.take(), "a start", "b start", "c start", "d start", "a stop", "b stop", "c stop", "d stop")
	})
}

// Rule 3: the errors of a stop are in the order of the calls.
func TestEveryFailureOfAConcurrentStopIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		a.build(t, a.plain("a", steps{"stop": fails}), a.plain("b", nil), a.plain("c", steps{"stop": hangs(t)}))
		a.start(t)

		begin := time.Now()
		err := a.Stop(t.Context())

		wantTook(t, begin, budget+wait)
		wantText(t, err,
			`host: stop service "c": 30s shutdown timeout reached, left behind`,
			`host: stop service "a": broken`)
	})
}

// Rule 4, ST-12: a concurrent start that runs out of time names everybody.
func TestEveryLateServiceOfAConcurrentStartIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ServicesStartConcurrently: true, StartupTimeout: time.Second})
		a.build(t, a.plain("a", steps{"start": waits}), a.plain("b", nil), a.plain("c", steps{"start": hangs(t)}))

		wantText(t, a.Start(t.Context()),
			`host: start service "a": 1s startup timeout reached`,
			`host: start service "c": 1s startup timeout reached, left behind`)
	})
}

func TestStopApplicationEndsAConcurrentStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		a.build(t, a.plain("a", steps{"start": waits}), a.plain("b", nil), a.plain("c", steps{"start": waits}))
		time.AfterFunc(time.Second, func() { a.Lifetime().StopApplication(nil) })

		wantText(t, a.Start(t.Context()), "host: stopped while starting: stop requested")
		wantSame(t, a.take(), "a start", "b start", "c start", "a stop", "b stop", "c stop")
	})
}

// The constructors of the services appended the hooks, so the services need
// them: hooks keep their order, and are there before any service.
func TestHooksStartBeforeAndStopAfterConcurrentServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(concurrently)
		a.build(t,
			a.hook("database", takes(time.Second), takes(time.Second)),
			a.plain("a", nil),
			a.hook("client", works, works),
			a.plain("b", nil),
			a.hook("door", works, works),
		)

		a.start(t)
		calls := a.take()
		if got := strings.Join(calls[:2], ", "); got != "database start, client start" || calls[4] != "door start" {
			t.Errorf("start: %v", calls)
		}
		wantSame(t, calls[2:4], "a start", "b start")

		a.stop(t)
		calls = a.take()
		if got := strings.Join(calls[3:], ", "); got != "client stop, database stop" || calls[0] != "door stop" {
			t.Errorf("stop: %v", calls)
		}
		wantSame(t, calls[1:3], "a stop", "b stop")
	})
}

// Only starting is concurrent: stopping keeps its order.
func TestStartAndStopAreConcurrentIndependently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ServicesStartConcurrently: true})
		second := steps{"start": takes(time.Second), "stop": takes(time.Second)}
		a.build(t, a.plain("a", second), a.plain("b", second))

		begin := time.Now()
		a.start(t)
		wantTook(t, begin, time.Second)
		a.take()
		begin = time.Now()
		a.stop(t)
		wantTook(t, begin, 2*time.Second)
		a.want(t, "b stop, a stop")
	})
}
