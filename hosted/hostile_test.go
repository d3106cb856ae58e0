package hosted_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
)

// nilError is an error whose methods all panic when it is nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// brokenError is an error whose methods all panic.
type brokenError struct{}

func (brokenError) Error() string { panic("Error") }
func (brokenError) Unwrap() error { panic("Unwrap") }
func (brokenError) Is(error) bool { panic("Is") }
func (brokenError) As(any) bool   { panic("As") }
func (brokenError) ExitCode() int { panic("ExitCode") }

// uncomparableError is an error that == panics on.
type uncomparableError struct{ _ []int }

func (uncomparableError) Error() string { return "uncomparable" }

// Rule 14: nothing an error does can take the walk down.
func TestErrorsWhoseMethodsPanicTakeNothingDown(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]error{
		"typed nil": (*nilError)(nil), "panics": brokenError{}, "uncomparable": uncomparableError{},
	} {
		returns := func(context.Context) error { return hostile }
		late := func(ctx context.Context) error { <-ctx.Done(); return hostile }
		for phase, steps := range map[string]steps{
			"start": {"start": returns}, "started": {"started": returns}, "stopping": {"stopping": returns},
			"stop": {"stop": returns}, "late stop": {"stop": late}, "panic": {"stop": func(context.Context) error { panic(hostile) }},
		} {
			t.Run(name+" "+phase, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a := newApplication(hosted.Options{})
					a.build(t, a.plain("a", nil), a.full("b", steps))
					if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err == nil {
						t.Error("no error")
					}
					wantState(t, a, "a", hosted.StateStopped)
				})
			})
		}
		t.Run(name+" cause", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				w, option := a.worker("w")
				a.build(t, a.plain("a", nil), option)
				a.start(t)
				a.Lifetime().StopApplication(hostile)
				w.end(hostile)
				if err := a.Stop(t.Context()); err == nil {
					t.Error("no error")
				}
				wantState(t, a, "a", hosted.StateStopped)
			})
		})
		t.Run(name+" cause of the start", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				a.build(t, a.plain("a", nil), a.plain("b", steps{"start": waits}))
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(hostile)
				if err := a.Start(ctx); err == nil {
					t.Error("no error")
				}
				a.stop(t)
			})
		})
		t.Run(name+" of fx", func(t *testing.T) {
			t.Parallel()
			a := newApplication(hosted.Options{})
			var lifetime *hosted.ApplicationLifetime
			app := foreign(t, a.plain("a", nil), hosted.Module(), fx.Populate(&lifetime))
			signal := app.Wait()
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			lifetime.StopApplication(hostile)
			if got := (<-signal).ExitCode; got != 1 {
				t.Errorf("exit code %d", got)
			}
			if err := app.Stop(t.Context()); err == nil {
				t.Error("no error")
			}
		})
	}
}
