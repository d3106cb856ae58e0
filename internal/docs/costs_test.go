//go:build !purego

package docs_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// What is made below allocates once.
type (
	single    struct{ _ int }
	first     struct{ single *single }
	second    struct{ first *first }
	closing   struct{ _ int }
	cleaned   struct{ _ int }
	typed     struct{ _ int }
	transient struct{ _ int }
	message   struct{ _ int }
)

func newSingle() *single             { return &single{} }
func newFirst(s *single) *first      { return &first{s} }
func newSecond(f *first) *second     { return &second{f} }
func newClosing() *closing           { return &closing{} }
func newCleaned() (*cleaned, func()) { return &cleaned{}, func() {} }
func newTransient() *transient       { return &transient{} }

func (*closing) Close() error { return nil }

func newTyped(*scope.Scope) (*typed, error) { return &typed{}, nil }

// costs measures the allocations of each call in the table of lifetimes.md.
func costs(t *testing.T) map[string]float64 {
	t.Helper()
	ctx := context.Background()
	var scopes *web.Scopes
	factory := func(options ...fx.Option) (f *scope.Factory) {
		t.Helper()
		app := fx.New(fx.NopLogger, scope.Module(), fx.Provide(newSingle, zap.NewNop, web.NewScopes), fx.Options(options...),
			fx.Populate(&f, &scopes))
		if err := app.Err(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := factory(scope.Provide(newFirst, newSecond), scope.Transient(newTransient), scope.Value[*message]())

	opened := f.New(ctx, scope.With(&message{}))
	measure := func(call func()) float64 { return testing.AllocsPerRun(100, call) }
	empty := measure(func() { opened = f.New(ctx) })
	given := &message{}
	one := measure(func() { mustHave[*first](t, f.New(ctx)) }) - empty - 1
	ofFirst := func(f *scope.Factory, get func(testing.TB, *scope.Scope)) float64 {
		return measure(func() { get(t, f.New(ctx)) }) - empty - 1
	}
	opened = f.New(ctx, scope.With(given))
	carrying := scope.NewContext(ctx, opened)
	handler := scopes.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)

	return map[string]float64{
		"`scope.Factory.New`":                         empty,
		"`scope.With` of a pointer, passed to it":     measure(func() { f.New(ctx, scope.With(given)) }) - empty,
		"`scope.Get` of the first scoped value":       one,
		"of the next three, each":                     measure(func() { mustHave[*second](t, f.New(ctx)) }) - empty - one - 2,
		"extra for one with a method Close":           ofFirst(factory(scope.Provide(newClosing)), mustHave[*closing]) - one,
		"extra for one with a cleanup function":       ofFirst(factory(scope.Provide(newCleaned)), mustHave[*cleaned]) - one,
		"extra for one of `scope.Func`":               ofFirst(factory(scope.Func(newTyped)), mustHave[*typed]) - one,
		"extra for one that takes the `*scope.Scope`": ofFirst(factory(scope.Provide(newTyped)), mustHave[*typed]) - one,
		"of a transient value":                        ofFirst(f, mustHave[*transient]),
		"of any other value":                          measure(func() { mustHave[*single](t, opened); mustHave[*message](t, opened) }),
		"of a scoped value again":                     measure(func() { mustHave[*first](t, opened) }),
		"`scope.Scope.Close`":                         measure(func() { _ = f.New(ctx).Close(ctx) }) - empty,
		"`scope.Factory.Run` of a func()":             measure(func() { _ = f.Run(ctx, func() {}) }),
		"`scope.Do`":                                  measure(func() { _ = scope.Do(ctx, f, func(context.Context, *single) error { return nil }) }),
		"of a func(context.Context, T) error":         measure(func() { _ = f.Run(ctx, func(context.Context, *single) error { return nil }) }),
		"of a func(T) error":                          measure(func() { _ = f.Run(ctx, func(*single) error { return nil }) }),
		"`scope.NewContext`":                          measure(func() { runtime.KeepAlive(scope.NewContext(ctx, opened)) }),
		"`scope.From`":                                measure(func() { _, _ = scope.From(carrying) }),
		"`web.Scopes.Handler`, for each request that does not ask for its scope": measure(func() { handler.ServeHTTP(w, r) }),
	}
}

func mustHave[T any](tb testing.TB, s *scope.Scope) {
	tb.Helper()
	if _, err := scope.Get[T](s); err != nil {
		tb.Fatal(err)
	}
}

// Not parallel: AllocsPerRun counts what all goroutines allocate.
func TestEveryCostIsInTheTable(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.Compiler != "gc" {
		t.Skip("the page has the allocations of the compiler of Go, on amd64")
	}
	p := section(t, readPage(t, "docs/explanation/lifetimes.md"), "## What it costs")
	measured := costs(t)
	var documented, source []string
	for call := range measured {
		source = append(source, call)
	}
	for _, row := range tableRows(p) {
		documented = append(documented, row[0])
		if want, err := strconv.ParseFloat(row[2], 64); err != nil || measured[row[0]] != want {
			t.Errorf("%s: %s allocates %v, the table says %s", p.path, row[0], measured[row[0]], row[2])
		}
	}
	compare(t, p.path, documented, source)
}
