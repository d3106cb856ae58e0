package scope_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

func TestRunGivesTheArguments(t *testing.T) {
	t.Parallel()
	type message struct{ id int }
	f := start(t, standard(), scope.Value[message](), scope.Transient(func(t *tx) *a { return &a{} }),
		scope.Bind[reader](func() io.Reader { return nil }))
	ctx := context.WithValue(t.Context(), contextKey{}, 1)
	var last *tx
	for range 3 {
		calls := 0
		err := f.Run(ctx, func(
			c context.Context, s *scope.Scope, h *handler, x *tx, one, two *a, m message, d *db, r reader,
		) error {
			calls++
			if c != ctx || h.tx != x || get[*tx](t, s) != x || one == two || m.id != 7 || d != x.db || r != nil {
				t.Error("got other arguments")
			}
			if x == last {
				t.Error("got the same in another scope")
			}
			last = x
			return nil
		}, scope.With(message{7}))
		if err != nil || calls != 1 {
			t.Errorf("got %v, %d calls", err, calls)
		}
	}
}

func TestRunClosesAndReturnsTheErrors(t *testing.T) {
	var j journal
	failing := scope.Provide(func() (*tx, func() error) { return &tx{}, func() error { j.note("tx"); return io.EOF } })
	for name, test := range map[string]struct {
		fn   any
		want []error
		list string
	}{
		"no result":           {func(*b) { j.note("run") }, nil, "run, b, a"},
		"nil":                 {func(*b) error { j.note("run"); return nil }, nil, "run, b, a"},
		"error":               {func(*a) error { j.note("run"); return errBroken }, []error{errBroken}, "run, a"},
		"close error":         {func(*tx) { j.note("run") }, []error{io.EOF}, "run, tx"},
		"error and close":     {func(*a, *tx) error { j.note("run"); return errBroken }, []error{errBroken, io.EOF}, "run, tx, a"},
		"nothing":             {func() { j.note("run") }, nil, "run"},
		"constructor's error": {func(*b, string) { j.note("run") }, []error{errBroken}, "b, a"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, chain(&j), failing, scope.Provide(func() (string, error) { return "", errBroken }))
			err := f.Run(t.Context(), test.fn)
			for _, want := range test.want {
				wantIs(t, err, want)
			}
			if len(test.want) == 0 && err != nil {
				t.Error(err)
			}
			j.want(t, test.list)
		})
	}
}

func TestRunClosesAfterAPanic(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, chain(&j))
	defer func() {
		if p := recover(); p != errBroken { //nolint:errorlint // the same value
			t.Errorf("got panic %v", p)
		}
		j.want(t, "b, a")
	}()
	_ = f.Run(t.Context(), func(*b) { panic(errBroken) })
}

func TestRunClosesOnAContextThatHasNotEnded(t *testing.T) {
	t.Parallel()
	var value any
	f := start(t, scope.Provide(func() (*tx, func(context.Context) error) {
		return &tx{}, func(ctx context.Context) error { value = ctx.Value(contextKey{}); return ctx.Err() }
	}))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, 1))
	if err := f.Run(ctx, func(*tx) { cancel() }); err != nil {
		t.Error(err)
	}
	if value != 1 {
		t.Errorf("got a context with %v", value)
	}
}

func TestRunRefusesWhatItCannotCall(t *testing.T) {
	t.Parallel()
	type in struct {
		fx.In
		Tx *tx
	}
	var none func(*tx)
	f := start(t, standard())
	const shape = `scope: Run takes a function that returns nothing or an error, not `
	for name, test := range map[string]struct {
		fn   any
		want string
	}{
		"nil":         {nil, `scope: Run takes a function, not <invalid reflect\.Value>`},
		"nil func":    {none, `scope: Run takes a function, not a nil func\(\*scope_test\.tx\)`},
		"no func":     {7, `scope: Run takes a function, not 7`},
		"value":       {func(*tx) int { return 1 }, shape + `func\(\*scope_test\.tx\) int`},
		"two":         {func() (int, error) { return 1, nil }, shape + `func\(\) \(int, error\)`},
		"variadic":    {func(...*tx) {}, shape + `func\(\.\.\.\*scope_test\.tx\)`},
		"own error":   {func() *scope.CycleError { return nil }, shape + `func\(\) \*scope\.CycleError`},
		"unknown":     {func(*tx, string) {}, `scope: Run func\(\*scope_test\.tx, string\): string is unknown: provide it .*`},
		"fx.In":       {func(in) {}, `scope: Run func\(scope_test\.in\): scope_test\.in is unknown: .*`},
		"other scope": {func(*a) {}, `scope: Run func\(\*scope_test\.a\): \*scope_test\.a is unknown: .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				wantText(t, f.Run(t.Context(), test.fn), test.want)
			}
		})
	}
	wantText(t, f.Run(t.Context(), func(*tx) {}, scope.With(7)), `scope: With gave a int, which was not declared: .*`)
}

func TestFromIsTheScopeOfNewContext(t *testing.T) {
	t.Parallel()
	f := start(t, standard())
	if s, ok := scope.From(t.Context()); ok || s != nil {
		t.Errorf("got %v from a context without a scope", s)
	}
	outer, inner := f.New(t.Context()), f.New(t.Context())
	ctx := scope.NewContext(t.Context(), outer)
	if s, ok := scope.From(scope.NewContext(ctx, inner)); !ok || s != inner {
		t.Error("got another scope")
	}
	if s, ok := scope.From(context.WithoutCancel(ctx)); !ok || s != outer {
		t.Error("got another scope")
	}
	closed(t, inner)
	get[*handler](t, outer) // they are flat: DI-2
	closed(t, outer)
}

// DI-2: a scope that was opened within another has nothing of that.
func TestScopesAreFlat(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, chain(&j), standard())
	outer := f.New(t.Context())
	inner := f.New(scope.NewContext(outer.Context(), outer))
	if get[*a](t, outer) == get[*a](t, inner) || get[*tx](t, outer) == get[*tx](t, inner) {
		t.Error("got the value of another scope")
	}
	if get[*db](t, outer) != get[*db](t, inner) {
		t.Error("got several of a singleton")
	}
	closed(t, outer)
	j.want(t, "a")
	get[*b](t, inner)
	closed(t, inner)
	j.want(t, "b, a")
}

// The same options make applications that have nothing in common.
func TestTheSameOptionsTwice(t *testing.T) {
	t.Parallel()
	options := fx.Options(standard(), scope.Value[int](), scope.Singleton[*scope.Factory](),
		scope.Func(func(s *scope.Scope) (string, error) { _, err := scope.Get[*tx](s); return "", err }),
		scope.Transient(func(*tx, context.Context) *a { return &a{} }))
	one, two := start(t, options), start(t, options)
	s, other := one.New(t.Context(), scope.With(1)), two.New(t.Context(), scope.With(2))
	if get[*db](t, s) == get[*db](t, other) || get[*tx](t, s).db != get[*db](t, s) || get[*tx](t, other).db != get[*db](t, other) {
		t.Error("got the singleton of another application")
	}
	if get[int](t, s) != 1 || get[int](t, other) != 2 || get[*scope.Factory](t, other) != two {
		t.Error("got the value of another application")
	}
	get[string](t, s)
	get[*a](t, s)
	closed(t, s)
	get[string](t, other)
	get[*a](t, other)
	closed(t, other)
	_, err := build(options, scope.Provide(newTx))
	if err == nil {
		t.Error("a third application was built")
	}
	start(t, options)
}

func TestGetOfATypeOfAnotherApplication(t *testing.T) {
	t.Parallel()
	s := open(t, standard())
	_ = open(t, chain(new(journal)))
	_, err := scope.Get[*a](s)
	wantText(t, err, `scope: \*scope_test\.a is unknown: .*`)
	if errors.Is(err, scope.ErrClosed) {
		t.Error("got ErrClosed")
	}
}

func TestDoGivesTheValue(t *testing.T) {
	t.Parallel()
	type message struct{ id int }
	f := start(t, standard(), scope.Value[message](), scope.Transient(func(m message, x *tx) (*a, func()) { return &a{}, func() {} }),
		scope.Bind[reader](func() io.Reader { return nil }), asks[*b, *tx](&b{}))
	ctx := context.WithValue(t.Context(), contextKey{}, 1)
	calls := 0
	for name, err := range map[string]error{
		"scoped": scope.Do(ctx, f, func(c context.Context, h *handler) error {
			calls++
			if c != ctx || h.tx != h.repo.tx || h.tx.db != h.repo.db {
				t.Error("got other values")
			}
			return nil
		}),
		"transient": scope.Do(ctx, f, func(_ context.Context, v *a) error { calls++; return nil }, scope.With(message{7})),
		"given": scope.Do(ctx, f, func(_ context.Context, m message) error {
			if calls++; m.id != 7 {
				t.Errorf("got %v", m)
			}
			return nil
		}, scope.With(message{7}), scope.With(message{8})),
		"singleton": scope.Do(ctx, f, func(_ context.Context, d *db) error { calls++; return nil }),
		"nil": scope.Do(ctx, f, func(_ context.Context, r reader) error {
			if calls++; r != nil {
				t.Errorf("got %v", r)
			}
			return nil
		}),
		"context": scope.Do(ctx, f, func(_ context.Context, c context.Context) error {
			if calls++; c != ctx {
				t.Error("got another context")
			}
			return nil
		}),
		"scope": scope.Do(ctx, f, func(_ context.Context, s *scope.Scope) error { calls++; get[*tx](t, s); return nil }),
		"Func":  scope.Do(ctx, f, func(_ context.Context, v *b) error { calls++; return nil }),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if calls != 8 {
		t.Errorf("%d calls", calls)
	}
	wantIs(t, scope.Do(ctx, f, func(context.Context, *tx) error { return errBroken }), errBroken)
	wantText(t, scope.Do(ctx, f, func(context.Context, string) error { return nil }), `scope: string is unknown: .*`)
	wantText(t, scope.Do[*tx](ctx, f, nil), `scope: Do takes a function, not a nil func\(context\.Context, \*scope_test\.tx\) error`)
	wantText(t, scope.Do(ctx, f, func(context.Context, message) error { return nil }), `scope: this scope was given no scope_test\.message: .*`)
	wantText(t, scope.Do(ctx, f, func(context.Context, *tx) error { return nil }, scope.With(7)), `scope: With gave a int, which was not declared: .*`)
	wantText(t, scope.Do(ctx, &scope.Factory{}, func(context.Context, *tx) error { return nil }), `scope: the application is not built yet: .*`)
}

// A plan and a scope do the same, in the same order.
func TestAPlanDoesWhatAScopeDoes(t *testing.T) {
	type out struct {
		fx.Out
		B *b
		C *c `name:"c"`
	}
	type in struct {
		fx.In
		A *a
		C *c `name:"c"`
	}
	var j journal
	broken := ""
	noted := func(name string) (noting, error) {
		if j.note("make " + name); name == broken {
			return noting{}, errBroken
		}
		return noting{&j, "close " + name}, nil
	}
	f := start(t, fx.Provide(newDB), scope.Provide(
		func(*db) (*a, error) { n, err := noted("a"); return &a{n}, err },
		func(*a, *noting) (out, error) {
			n, err := noted("b")
			return out{B: &b{n}, C: &c{noting{&j, "close c"}}}, err
		},
		func(in, *b, context.Context) (*tx, func(), error) {
			_, err := noted("tx")
			return &tx{}, func() { j.note("clean tx") }, err
		},
		func(*tx, *noting, *b) (*handler, error) {
			if _, err := noted("handler"); err != nil {
				panic(err)
			}
			return &handler{}, nil
		},
	), scope.Transient(func(*a) (*noting, error) { n, err := noted("transient"); return &n, err }))
	for _, broken = range []string{"", "a", "b", "tx", "handler", "transient", "run"} {
		t.Run("broken "+broken, func(t *testing.T) {
			run := func(*handler, *noting, *tx) error {
				_, err := noted("run")
				return err
			}
			planned := f.Run(t.Context(), run)
			steps := strings.Join(j.notes, ", ")
			j.notes = nil
			shared := f.Run(t.Context(), func(h *handler, n *noting, x *tx, _ *scope.Scope) error { return run(h, n, x) })
			j.want(t, steps)
			if fmt.Sprint(planned) != fmt.Sprint(shared) || errors.Is(planned, errBroken) != (broken != "") || errors.Is(shared, errBroken) != (broken != "") {
				t.Errorf("got %v and %v", planned, shared)
			}
		})
	}
}

// More values than a unit of work keeps on the stack, and more transients than a
// plan may have.
func TestLargePlans(t *testing.T) {
	t.Parallel()
	var options []fx.Option
	in := make([]reflect.Type, len(kinds))
	for i, k := range kinds {
		options = append(options, k.provide(func() *body { return &body{node: i} }))
		in[i] = k.plain
	}
	type twice[T any] struct{ a, b T }
	f := start(t, append(options, scope.Transient(func() int { return 1 },
		func(a, b int) twice[int] { return twice[int]{a, b} },
		func(a, b twice[int]) [1]int { return [1]int{a.a + a.b + b.a + b.b} },
		func(a, b, c, d [1]int) [2]int { return [2]int{a[0] + b[0] + c[0] + d[0]} },
		func(a, b, c, d [2]int) [3]int { return [3]int{a[0] + b[0] + c[0] + d[0]} },
		func(a, b, c, d [3]int) [4]int { return [4]int{a[0] + b[0] + c[0] + d[0]} },
		func(a, b, c, d [4]int) [5]int { return [5]int{a[0] + b[0] + c[0] + d[0]} },
	))...)
	called := false
	if err := f.Run(t.Context(), reflect.MakeFunc(reflect.FuncOf(in, nil, false), func(args []reflect.Value) []reflect.Value {
		called = true
		for i, arg := range args {
			if kinds[i].bodyOf(arg.Interface()).node != i {
				t.Errorf("got another value for %d", i)
			}
		}
		return nil
	}).Interface()); err != nil || !called {
		t.Errorf("got %v", err)
	}
	if err := f.Run(t.Context(), func(n [5]int) {
		if n[0] != 1024 {
			t.Errorf("got %d", n[0])
		}
	}); err != nil {
		t.Error(err)
	}
}

// Goexit in a constructor or in the function closes what was made.
func TestRunClosesAfterGoexit(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, chain(&j), scope.Provide(func(*b) *tx { runtime.Goexit(); return nil }))
	for _, fn := range []any{func(*tx) {}, func(*b) { runtime.Goexit() }, func(*tx, *scope.Scope) {}} {
		var done sync.WaitGroup
		done.Go(func() {
			_ = f.Run(t.Context(), fn)
			t.Error("returned")
		})
		done.Wait()
		j.want(t, "b, a")
	}
}
