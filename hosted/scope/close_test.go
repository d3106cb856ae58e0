package scope_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// noting notes that it was closed.
type noting struct {
	j    *journal
	name string
}

func (n *noting) Close() error {
	if n.j != nil {
		n.j.note(n.name)
	}
	return nil
}

// The values of most tests here, made in the order a, b, c if c is asked for.
type (
	a struct{ noting }
	b struct{ noting }
	c struct{ noting }
)

func chain(j *journal) fx.Option {
	return scope.Provide(
		func() *a { return &a{noting{j, "a"}} },
		func(*a) *b { return &b{noting{j, "b"}} },
		func(*a, *b) *c { return &c{noting{j, "c"}} },
	)
}

// DI-5, DI-6, D6.
func TestCloseGoesFromTheNewestToTheOldest(t *testing.T) {
	t.Parallel()
	var j journal
	number := 0
	s := start(t, chain(&j), scope.Transient(func(*a) *noting {
		number++
		return &noting{&j, fmt.Sprint(number)}
	})).New(t.Context())
	get[*noting](t, s)
	get[*b](t, s)
	get[*noting](t, s)
	get[*c](t, s)
	get[*noting](t, s)
	get[*c](t, s)
	closed(t, s)
	j.want(t, "3, c, 2, b, 1, a")
}

type finisher struct {
	noting
	ctx context.Context
}

func (f *finisher) Close(ctx context.Context) error { f.j.note(f.name); f.ctx = ctx; return nil }

func TestTheFormsOfCleanup(t *testing.T) {
	t.Parallel()
	type (
		first  struct{ noting }
		second struct{ noting }
		third  struct{ noting }
		fourth struct{ noting }
	)
	var (
		j        journal
		contexts []context.Context
	)
	value := func(name string) noting { return noting{&j, "method of " + name} }
	s := start(t, scope.Provide(
		func() (*first, func()) { return &first{value("1")}, func() { j.note("func()") } },
		func(*first) (*second, func() error, error) {
			return &second{value("2")}, func() error { j.note("func() error"); return nil }, nil
		},
		func(*second) (*third, func(context.Context) error) {
			return &third{value("3")}, func(ctx context.Context) error {
				j.note("func(ctx)")
				contexts = append(contexts, ctx)
				return nil
			}
		},
		func(*third) (*fourth, func()) { return &fourth{value("4")}, nil },
		func(*fourth) (*finisher, error) { return &finisher{value("5"), nil}, nil },
		func(*finisher) (*tx, func(context.Context) error, error) { return &tx{}, nil, nil },
	)).New(t.Context())
	get[*tx](t, s)
	f := get[*finisher](t, s)
	with := context.WithValue(t.Context(), contextKey{}, "mine")
	if err := s.Close(with); err != nil {
		t.Error(err)
	}
	j.want(t, "method of 5, method of 4, func(ctx), func() error, func()")
	if len(contexts) != 1 || contexts[0] != with || f.ctx != with {
		t.Error("got another context")
	}
}

func TestSeveralResultsAreClosedEach(t *testing.T) {
	t.Parallel()
	type out struct {
		fx.Out
		B *b
		C *c `name:"c"`
		T *tx
	}
	var j journal
	s := start(t, scope.Provide(
		func() (*a, out) {
			return &a{noting{&j, "a"}}, out{B: &b{noting{&j, "b"}}, C: &c{noting{&j, "c"}}, T: &tx{}}
		},
		func() (*noting, *finisher, func()) {
			return &noting{&j, "x"}, &finisher{noting{&j, "y"}, nil}, func() { j.note("both") }
		},
	)).New(t.Context())
	get[*tx](t, s)
	get[*finisher](t, s)
	closed(t, s)
	j.want(t, "both, c, b, a")
}

// Every failure is in the error, in the order it happened, and none keeps the
// others from being closed (DI-9).
func TestCloseVisitsAllAndJoinsTheirErrors(t *testing.T) {
	t.Parallel()
	type (
		one   struct{}
		two   struct{}
		three struct{}
		four  struct{}
	)
	var j journal
	other := errors.New("other")
	s := start(t, scope.Provide(
		func() (*one, func()) { return &one{}, func() { j.note("1") } },
		func(*one) (*two, func() error) { return &two{}, func() error { j.note("2"); return errBroken } },
		func(*two) (*three, func()) { return &three{}, func() { j.note("3"); panic(other) } },
		func(*three) (*four, func(context.Context) error) {
			return &four{}, func(context.Context) error { j.note("4"); return io.EOF }
		},
	)).New(t.Context())
	get[*four](t, s)
	err := s.Close(t.Context())
	j.want(t, "4, 3, 2, 1")
	const made = `scope: close what scope_test\.TestCloseVisitsAllAndJoinsTheirErrors\.func`
	wantText(t, err, made+`4 @ made: EOF\n`+made+`3 @ made: panic: other\n`+made+`2 @ made: broken`)
	for _, want := range []error{errBroken, other, io.EOF} {
		wantIs(t, err, want)
	}
	var p *scope.PanicError
	if !errors.As(err, &p) || p.Value != other { //nolint:errorlint // the same value
		t.Errorf("got %v", p)
	} else {
		wantText(t, errors.New(string(p.Stack)), `.*close_test\.go.*`)
	}
	closed(t, s)
	j.want(t, "")
}

// DI-8.
func TestAClosedScopeAnswersErrClosed(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, standard(), chain(&j), scope.Value[int](), scope.Transient(func() string { return "" }))
	s := f.New(t.Context(), scope.With(1))
	get[*c](t, s)
	closed(t, s)
	j.want(t, "c, b, a")
	closed(t, s)
	j.want(t, "")
	for name, ask := range map[string]func(s *scope.Scope) error{
		"made before":     func(s *scope.Scope) error { _, err := scope.Get[*c](s); return err },
		"not made before": func(s *scope.Scope) error { _, err := scope.Get[*handler](s); return err },
		"singleton":       func(s *scope.Scope) error { _, err := scope.Get[*db](s); return err },
		"transient":       func(s *scope.Scope) error { _, err := scope.Get[string](s); return err },
		"given":           func(s *scope.Scope) error { _, err := scope.Get[int](s); return err },
		"context":         func(s *scope.Scope) error { _, err := scope.Get[context.Context](s); return err },
		"scope":           func(s *scope.Scope) error { _, err := scope.Get[*scope.Scope](s); return err },
		"named":           func(s *scope.Scope) error { _, err := scope.GetNamed[*tx](s, ""); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ask(s)
			wantIs(t, err, scope.ErrClosed)
			wantText(t, err, `scope: closed: \S+ is not available any more`)
		})
	}
	if s.Context() != t.Context() {
		t.Error("got another context")
	}
}

// A closer that comes back to the scope, as a kept *Scope allows.
func TestAClosersScopeIsClosed(t *testing.T) {
	t.Parallel()
	var j journal
	s := start(t, chain(&j), scope.Provide(func(s *scope.Scope, _ *a) (*tx, func() error) {
		return &tx{}, func() error {
			_, err := scope.Get[*b](s)
			wantIs(t, err, scope.ErrClosed)
			_, err = scope.Get[*a](s)
			wantIs(t, err, scope.ErrClosed)
			return s.Close(t.Context())
		}
	})).New(t.Context())
	get[*tx](t, s)
	closed(t, s)
	j.want(t, "a")
}

func TestCloseOfAnEmptyScope(t *testing.T) {
	t.Parallel()
	s := start(t, standard()).New(t.Context())
	closed(t, s)
	get[*tx](t, start(t, standard()).New(t.Context())) // needs no Close
}

// What has failed has made nothing.
func TestNothingIsClosedThatWasNotMade(t *testing.T) {
	type failed struct{ noting }
	var j journal
	value := func() *failed { return &failed{noting{&j, "method"}} }
	cleanup := func() { j.note("cleanup") }
	for name, constructor := range map[string]any{
		"value and error":             func(*b) (*failed, error) { return value(), errBroken },
		"value, cleanup and error":    func(*b) (*failed, func(), error) { return value(), cleanup, errBroken },
		"interface and error":         func(*b, context.Context) (*failed, error) { return value(), errBroken },
		"panic":                       func(*b) *failed { panic(errBroken) },
		"needs what fails":            func(*b, string) *failed { return value() },
		"needs what fails, by itself": func(*b, s2) *failed { return value() },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, chain(&j), scope.Provide(constructor,
				func() (string, error) { return "", errBroken }, func() s2 { panic(errBroken) })).New(t.Context())
			_, err := scope.Get[*failed](s)
			wantIs(t, err, errBroken)
			closed(t, s)
			j.want(t, "b, a")
		})
	}
}

type s2 struct{}

func TestNilIsNotClosed(t *testing.T) {
	t.Parallel()
	s := start(t, scope.Provide(
		func() *a { return nil },
		func() (*b, *c) { return nil, nil },
		func() io.Closer { return nil },
		func() (*finisher, error) { return nil, nil },
	), scope.Bind[any](func() *noting { return nil })).New(t.Context())
	get[*a](t, s)
	get[*b](t, s)
	get[io.Closer](t, s)
	get[*finisher](t, s)
	get[any](t, s)
	closed(t, s)
}

func TestAnInterfaceIsClosedByWhatIsInIt(t *testing.T) {
	t.Parallel()
	type silent interface{ nothing() }
	var j journal
	s := start(t, scope.Bind[silent](func() *hidden { return &hidden{noting{&j, "hidden"}} }),
		scope.Bind[any](func() noting3 { return noting3{&j} })).New(t.Context())
	get[silent](t, s)
	get[any](t, s)
	closed(t, s)
	j.want(t, "value, hidden")
}

type hidden struct{ noting }

func (*hidden) nothing() {}

type noting3 struct{ j *journal }

func (n noting3) Close() error { n.j.note("value"); return nil }

// Whoever has made a value closes it, not who has it seen as an interface
// (DI-5, DI-6).
func TestWhatIsPassedOnIsLeftToItsMaker(t *testing.T) {
	type user interface{ itsName() string }
	var j journal
	single := fx.Provide(func() *hidden { return &hidden{noting{&j, "singleton"}} })
	unit := scope.Provide(func() *hidden { return &hidden{noting{&j, "scoped"}} })
	type out struct {
		fx.Out
		User user
		Any  any
	}
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"singleton":           {fx.Options(single, scope.Bind[user](func(h *hidden) *hidden { return h })), ""},
		"singleton, returned": {fx.Options(single, scope.Provide(func(h *hidden) (user, error) { return h, nil })), ""},
		"singleton, by Func":  {fx.Options(single, scope.Singleton[*hidden](), scope.Func(func(s *scope.Scope) (user, error) { return scope.Get[*hidden](s) })), ""},
		"given":               {fx.Options(scope.Value[*hidden](), scope.Bind[user](func(h *hidden) *hidden { return h })), ""},
		"scoped":              {fx.Options(unit, scope.Bind[user](func(h *hidden) *hidden { return h })), "scoped"},
		"scoped, by Func":     {fx.Options(unit, scope.Func(func(s *scope.Scope) (user, error) { return scope.Get[*hidden](s) })), "scoped"},
		"scoped, twice":       {fx.Options(unit, scope.Provide(func(h *hidden) out { return out{User: h, Any: h} })), "scoped"},
		"transient": {fx.Options(scope.Transient(func() *hidden { return &hidden{noting{&j, "transient"}} }),
			scope.Provide(func(h *hidden) user { return h })), "transient"},
		"another of its type": {fx.Options(single, scope.Bind[user](func(*hidden) *hidden { return &hidden{noting{&j, "another"}} })), "another"},
		"with a cleanup":      {fx.Options(single, scope.Bind[user](func(h *hidden) (*hidden, func()) { return h, func() { j.note("cleanup") } })), "cleanup"},
	} {
		t.Run(name, func(t *testing.T) {
			var inputs []scope.Input
			if name == "given" {
				inputs = append(inputs, scope.With(&hidden{noting{&j, "given"}}))
			}
			s := start(t, test.option).New(t.Context(), inputs...)
			if get[user](t, s).itsName() == "" {
				t.Error("got none")
			}
			closed(t, s)
			j.want(t, test.want)
		})
	}
}

func (h *hidden) itsName() string { return h.name }

// A constructor that is running when the scope is closed.
func TestCloseWhileAConstructorRuns(t *testing.T) {
	t.Parallel()
	type late struct{ noting }
	for name, test := range map[string]func(j *journal, wait func()) fx.Option{
		"plain": func(j *journal, wait func()) fx.Option {
			return scope.Provide(func(*a) *late { wait(); return &late{noting{j, "late"}} })
		},
		"transient": func(j *journal, wait func()) fx.Option {
			return scope.Transient(func(*a) *late { wait(); return &late{noting{j, "late"}} })
		},
		"cleanup": func(j *journal, wait func()) fx.Option {
			return scope.Provide(func(*a) (*late, func(context.Context) error) {
				wait()
				return &late{}, func(ctx context.Context) error { j.note("late"); return ctx.Err() }
			})
		},
		"func": func(j *journal, wait func()) fx.Option {
			return scope.Func(func(s *scope.Scope) (*late, error) {
				_, err := scope.Get[*a](s)
				wait()
				return &late{noting{j, "late"}}, err
			})
		},
		"several": func(j *journal, wait func()) fx.Option {
			return scope.Provide(func(*a) (*tx, *late) { wait(); return &tx{}, &late{noting{j, "late"}} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var j journal
				closing := make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := start(t, chain(&j), test(&j, func() { <-closing })).New(ctx)
				errs := make(chan error)
				for range 3 { // some of them wait for the first; not in the case of a transient
					go func() {
						_, err := scope.Get[*late](s)
						errs <- err
					}()
				}
				synctest.Wait()
				cancel()
				closed(t, s)
				j.want(t, "a")
				close(closing)
				for range 3 {
					wantIs(t, <-errs, scope.ErrClosed)
				}
				if name == "transient" {
					j.want(t, "late, late, late")
				} else {
					j.want(t, "late")
				}
			})
		})
	}
}

func TestCloseWhileAConstructorRunsReportsItsCloser(t *testing.T) {
	t.Parallel()
	var s *scope.Scope
	s = start(t, scope.Provide(func(context.Context) (*tx, func() error) {
		closed(t, s)
		return &tx{}, func() error { return errBroken }
	})).New(t.Context())
	_, err := scope.Get[*tx](s)
	wantIs(t, err, scope.ErrClosed)
	const name = `scope_test\.TestCloseWhileAConstructorRunsReportsItsCloser\.func1 @`
	wantText(t, err, `scope: closed while `+name+` was running\nscope: close what `+name+` made: broken`)
}

// There is one of each in a scope also when it is closed while they are made.
func TestNothingIsMadeTwiceAfterClose(t *testing.T) {
	t.Parallel()
	var s *scope.Scope
	made := 0
	s = start(t, fx.Provide(newDB), scope.Provide(
		func(d *db) *tx { made++; return &tx{d} },
		func(d *db, t2 *tx) *repo { closed(t, s); return &repo{d, t2} },
		newHandler,
	), scope.Transient(func() int { made++; return 1 }),
		scope.Func(func(v *scope.Scope) (string, error) {
			if _, err := scope.Get[*handler](v); !errors.Is(err, scope.ErrClosed) {
				t.Errorf("got %v", err)
			}
			_, err := scope.Get[int](v)
			return "", err
		})).New(t.Context())
	_, err := scope.Get[string](s)
	wantIs(t, err, scope.ErrClosed)
	if made != 1 {
		t.Errorf("made %d", made)
	}
}

// As t.FailNow does in a test. All others are closed, and whoever closes again is
// told.
func TestGoexitInACloserSkipsNoOther(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, chain(&j), scope.Provide(
		func(*b) (*tx, func()) { return &tx{}, func() { j.note("tx"); runtime.Goexit() } },
		func(*tx) (*repo, func() error) { return &repo{}, func() error { j.note("repo"); return errBroken } },
		func(*repo) (*handler, func()) { return &handler{}, func() { j.note("handler"); runtime.Goexit() } },
	), scope.Replace(func(*handler) *c { return &c{noting{&j, "newest"}} }))
	exits := func(fn func()) {
		var done sync.WaitGroup
		done.Go(func() {
			fn()
			t.Error("returned")
		})
		done.Wait()
		j.want(t, "newest, handler, repo, tx, b, a")
	}
	s := f.New(t.Context())
	get[*c](t, s)
	exits(func() { _ = s.Close(t.Context()) })
	for range 2 {
		err := s.Close(t.Context())
		wantIs(t, err, errBroken)
		wantText(t, err, `scope: close what \S+ @ made: goroutine exited without returning \(runtime\.Goexit\)\n`+
			`scope: close what \S+ @ made: broken\nscope: close what \S+ @ made: goroutine exited .*`)
	}
	exits(func() { _ = f.Run(t.Context(), func(*c) {}) })
	exits(func() { _ = f.Run(t.Context(), func(*c, *scope.Scope) {}) })
}
