package scope_test

import (
	"context"
	"errors"
	"io"
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
