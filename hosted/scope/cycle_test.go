package scope_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// These run in bubbles, where a deadlock fails the test.

// asks makes a Func of a T that needs a U, and returns what make says then.
func asks[T, U any](value T, before ...func()) fx.Option {
	return scope.Func(func(s *scope.Scope) (T, error) {
		for _, f := range before {
			f()
		}
		_, err := scope.Get[U](s)
		return value, err
	})
}

// wantCycle asserts the chain; a letter stands for a constructor.
func wantCycle(tb testing.TB, err error, want ...string) {
	tb.Helper()
	var found *scope.CycleError
	if !errors.As(err, &found) {
		tb.Errorf("got %v, want a cycle", err)
		return
	}
	letters := map[string]string{}
	var got []string
	for _, link := range found.Chain {
		if letters[link] == "" {
			letters[link] = string(rune('a' + len(letters)))
		}
		got = append(got, letters[link])
	}
	for _, want := range want {
		if strings.Join(got, " ") == want {
			return
		}
	}
	tb.Errorf("got cycle %v: %v, want %v", got, found, want)
}

func TestACycleThroughFuncIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, asks[*a, *b](nil), asks[*b, *c](nil), asks[*c, *a](nil))
		for range 2 {
			_, err := scope.Get[*b](s)
			wantCycle(t, err, "a b c a")
			const asks = `scope_test\.\S+ @`
			wantText(t, err, `scope: `+asks+`: cycle: `+asks+` needs `+asks+` needs `+asks+` needs `+asks+
				`: break it by a scoped value that both take, or by a \*scope\.Scope that is asked later`)
		}
		_, err := scope.Get[*a](s)
		wantCycle(t, err, "a b c a")
	})
}

func TestAFuncThatAsksForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, asks[*a, *a](nil), asks[*b, *a](nil),
			scope.Provide(func(s *scope.Scope) (*c, error) { _, err := scope.Get[*c](s); return &c{}, err }),
			scope.Transient(func(s *scope.Scope) (*tx, error) { _, err := scope.Get[*tx](s); return &tx{}, err }))
		_, err := scope.Get[*a](s)
		wantCycle(t, err, "a a")
		_, err = scope.Get[*b](s) // which is no part of the cycle
		wantCycle(t, err, "a a")
		_, err = scope.Get[*c](s)
		wantCycle(t, err, "a a")
		_, err = scope.Get[*tx](s)
		wantCycle(t, err, "a a")
	})
}

// A plain constructor, and a transient one, between those that ask.
func TestACycleThroughPlainConstructors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, asks[*a, *c](nil),
			scope.Provide(func(b2 *b, _ *tx) *c { return &c{} }, func() *tx { return &tx{} }),
			scope.Transient(func(*a) *b { return &b{} }))
		_, err := scope.Get[*a](s)
		wantCycle(t, err, "a b c a")
		_, err = scope.Get[*b](s)
		wantCycle(t, err, "a b c a")
	})
}

func TestACycleAcrossTwoGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			both    sync.WaitGroup
			errs    = make(chan error, 2)
			started sync.WaitGroup
			once    = [2]sync.Once{}
		)
		started.Add(2)
		meet := func(i int) func() {
			return func() { once[i].Do(func() { started.Done(); started.Wait() }) }
		}
		s := open(t, asks[*a, *b](nil, meet(0)), asks[*b, *a](nil, meet(1)))
		both.Go(func() { _, err := scope.Get[*a](s); errs <- err })
		both.Go(func() { _, err := scope.Get[*b](s); errs <- err })
		both.Wait()
		wantCycle(t, <-errs, "a b a")
		wantCycle(t, <-errs, "a b a")
	})
}

func TestACycleAcrossThreeGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			all     sync.WaitGroup
			errs    = make(chan error, 3)
			started sync.WaitGroup
			once    = [3]sync.Once{}
		)
		started.Add(3)
		meet := func(i int) func() {
			return func() { once[i].Do(func() { started.Done(); started.Wait() }) }
		}
		// Each has a plain constructor between itself and the next one.
		s := open(t, asks[*a, *tx](nil, meet(0)), asks[*b, *repo](nil, meet(1)), asks[*c, *handler](nil, meet(2)),
			scope.Provide(func(*b) *tx { return nil }, func(*c) *repo { return nil }, func(*a) *handler { return nil }))
		all.Go(func() { _, err := scope.Get[*a](s); errs <- err })
		all.Go(func() { _, err := scope.Get[*b](s); errs <- err })
		all.Go(func() { _, err := scope.Get[*c](s); errs <- err })
		all.Wait()
		for range 3 {
			wantCycle(t, <-errs, "a b c d e f a")
		}
	})
}

// Who waits for a value that cannot be had, without being part of the cycle,
// gets the error too.
func TestTheAudienceOfACycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		s := open(t, asks[*a, *b](nil), asks[*b, *a](nil), asks[*c, *a](nil))
		for i := range 12 {
			all.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					_, err = scope.Get[*a](s)
				case 1:
					_, err = scope.Get[*b](s)
				default:
					_, err = scope.Get[*c](s)
				}
				wantCycle(t, err, "a b a")
			})
		}
		all.Wait()
	})
}

// What looks like a cycle but is none: each waits for what the other has begun,
// and nobody for what it has begun itself.
func TestWaitingForEachOtherIsNoCycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			var all sync.WaitGroup
			s := open(t, scope.Provide(func() *tx { return &tx{} }),
				asks[*a, *tx](&a{}), asks[*b, *a](&b{}), asks[*c, *b](&c{}), asks[*repo, *b](&repo{}), asks[*handler, *c](&handler{}))
			for range 4 {
				all.Go(func() { get[*handler](t, s); get[*repo](t, s) })
				all.Go(func() { get[*repo](t, s); get[*handler](t, s) })
				all.Go(func() { get[*tx](t, s); get[*c](t, s) })
			}
			all.Wait()
		}
	})
}

func TestAFuncMayAskFromGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, standard(), scope.Func(func(s *scope.Scope) (*[3]*tx, error) {
			var (
				all  sync.WaitGroup
				made [3]*tx
			)
			for i := range made {
				all.Go(func() {
					if i == 0 {
						made[i] = get[*repo](t, s).tx
					} else {
						made[i] = get[*tx](t, s)
					}
				})
			}
			all.Wait()
			return &made, nil
		}))
		if made := get[*[3]*tx](t, s); made[0] == nil || made[0] != made[1] || made[1] != made[2] {
			t.Errorf("got %v", made)
		}
	})
}

// The goroutines of a constructor stand for it, in whatever scope they ask.
func TestACycleThroughTheGoroutinesOfAFunc(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fork := func(ask func() error) error {
			var (
				all  sync.WaitGroup
				errs [3]error
			)
			for i := range errs {
				all.Go(func() { errs[i] = ask() })
			}
			all.Wait()
			return errors.Join(errs[:]...)
		}
		s := open(t,
			scope.Func(func(s *scope.Scope) (*a, error) {
				return &a{}, fork(func() error { _, err := scope.Get[*b](s); return err })
			}),
			scope.Func(func(s *scope.Scope) (*b, error) {
				return &b{}, fork(func() error { _, err := scope.Get[*a](s); return err })
			}))
		var both sync.WaitGroup
		both.Go(func() { _, err := scope.Get[*a](s); wantCycle(t, err, "a b a") })
		both.Go(func() { _, err := scope.Get[*b](s); wantCycle(t, err, "a b a") })
		both.Wait()
	})
}

// lazy asks its scope when it is used, which is how to break a cycle.
type lazy struct{ s *scope.Scope }

func newLazy(s *scope.Scope) *lazy { return &lazy{s} }

func TestAKeptScopeIsAskedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, scope.Provide(newLazy), scope.Provide(func(*lazy) *tx { return &tx{} }),
			scope.Transient(func(s *scope.Scope) lazy { return lazy{s} }))
		l := get[*lazy](t, s)
		x := get[*tx](t, l.s)
		if x != get[*tx](t, s) || get[*lazy](t, l.s) != l {
			t.Error("got another value")
		}
		other := get[lazy](t, s)
		if another := get[lazy](t, other.s); another.s == other.s || get[*tx](t, another.s) != x {
			t.Error("got another value")
		}
		closed(t, l.s)
		_, err := scope.Get[*tx](s)
		wantIs(t, err, scope.ErrClosed)
	})
}

func TestAKeptScopeThatIsAskedTooEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, scope.Provide(newLazy),
			scope.Func(func(s *scope.Scope) (*tx, error) {
				l, err := scope.Get[*lazy](s)
				if err != nil {
					return nil, err
				}
				return scope.Get[*tx](l.s)
			}))
		_, err := scope.Get[*tx](s)
		wantCycle(t, err, "a b a")
	})
}

// A constructor that has failed, and is called again by somebody else, is not
// waited for by what it once asked for.
func TestAKeptScopeForgetsWhoHasFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail, again := true, make(chan struct{})
		s := open(t, scope.Provide(newLazy),
			scope.Func(func(s *scope.Scope) (*tx, error) {
				_, err := scope.Get[*lazy](s)
				if fail {
					return nil, errBroken
				}
				<-again
				return &tx{}, err
			}))
		_, err := scope.Get[*tx](s)
		wantIs(t, err, errBroken)
		fail = false
		l := get[*lazy](t, s)
		var both sync.WaitGroup
		both.Go(func() { get[*tx](t, s) })
		synctest.Wait()
		both.Go(func() { get[*tx](t, l.s) })
		synctest.Wait()
		close(again)
		both.Wait()
	})
}

// A constructor may open another scope, of another unit of work.
func TestAConstructorMayOpenAScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, standard(), scope.Provide(func(f *scope.Factory, mine *tx, s *scope.Scope) (*a, error) {
			return &a{}, f.Run(s.Context(), func(other *tx, h *handler) {
				if other == mine || h.tx != other {
					t.Error("got the same")
				}
			})
		}))
		get[*a](t, s)
	})
}

// The scope is asked for what is being made for it by a constructor's own view,
// which a context carries through other functions, goroutines and scopes.
func TestACycleThroughTheViewThatAContextCarries(t *testing.T) {
	t.Parallel()
	ask := func(ctx context.Context) error {
		s, _ := scope.From(ctx)
		_, err := scope.Get[*a](s)
		return err
	}
	var deeply func(ctx context.Context, depth int) error
	deeply = func(ctx context.Context, depth int) error {
		if depth == 0 {
			return ask(ctx)
		}
		return deeply(ctx, depth-1)
	}
	for name, ask := range map[string]func(f *scope.Factory, ctx context.Context) error{
		"at once": func(_ *scope.Factory, ctx context.Context) error { return ask(ctx) },
		"deep":    func(_ *scope.Factory, ctx context.Context) error { return deeply(ctx, 1000) },
		"on another goroutine": func(_ *scope.Factory, ctx context.Context) error {
			failed := make(chan error)
			go func() { failed <- ask(ctx) }()
			return <-failed
		},
		"in another scope": func(f *scope.Factory, ctx context.Context) error { return f.Run(ctx, ask) },
		"in a constructor of another scope": func(f *scope.Factory, ctx context.Context) error {
			return f.Run(ctx, func(*b) {})
		},
		"in a constructor of a shared scope": func(f *scope.Factory, ctx context.Context) error {
			return f.Run(ctx, func(*scope.Scope, *b) {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, scope.Provide(
					func(f *scope.Factory, s *scope.Scope) (*a, error) {
						return &a{}, ask(f, scope.NewContext(s.Context(), s))
					},
					func(ctx context.Context) (*b, error) { return &b{}, askAmbient(ctx) },
					func(*a) *tx { return &tx{} },
				))
				for range 2 {
					_, err := scope.Get[*tx](s)
					wantCycle(t, err, "a a")
				}
			})
		})
	}
}

func askAmbient(ctx context.Context) error {
	s, ok := scope.From(ctx)
	if !ok {
		return nil
	}
	_, err := scope.Get[*a](s)
	return err
}

// A constructor that opens another scope and waits there for its own type, which
// somebody else makes: nobody waits in a circle.
func TestWaitingInAnotherScopeIsNoCycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			shared *scope.Scope
			begun  = make(chan struct{})
			end    = make(chan struct{})
			all    sync.WaitGroup
		)
		f := start(t, scope.Value[string](), scope.Provide(func(name string, s *scope.Scope) (*a, error) {
			if name == "shared" {
				close(begun)
				<-end
				return &a{}, nil
			}
			_, err := scope.Get[*a](shared)
			return &a{}, err
		}))
		shared = f.New(t.Context(), scope.With("shared"))
		all.Go(func() { get[*a](t, shared) })
		<-begun
		for i := range 5 {
			all.Go(func() {
				s := f.New(t.Context(), scope.With(fmt.Sprint(i)))
				get[*a](t, s)
				closed(t, s)
			})
		}
		synctest.Wait()
		close(end)
		all.Wait()
		closed(t, shared)
	})
}

// Two who ask the same kept scope at once, for what takes the keeper.
func TestAKeptScopeIsAskedByTwoAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		s := open(t, scope.Provide(newLazy, func(*lazy) *tx { <-goOn; return &tx{} }))
		l := get[*lazy](t, s)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { get[*tx](t, l.s) })
		}
		synctest.Wait()
		close(goOn)
		both.Wait()
	})
}
