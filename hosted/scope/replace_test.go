package scope_test

import (
	"io"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

func newFakeRepo() *repo { return &repo{db: &db{"fake"}} }

// A test replaces what is deep in the application.
func TestReplaceTakesThePlace(t *testing.T) {
	t.Parallel()
	type out struct {
		fx.Out
		Tx *tx `name:"n"`
	}
	for name, test := range map[string]struct {
		real, fake fx.Option
	}{
		"Provide":    {fx.Provide(newDB), scope.Replace(newFakeRepo)},
		"before":     {scope.Replace(newFakeRepo), fx.Provide(newDB)},
		"module":     {fx.Provide(newDB), fx.Module("fakes", scope.Replace(newFakeRepo))},
		"with more":  {fx.Provide(newDB), scope.Replace(func() (*repo, out) { return newFakeRepo(), out{Tx: &tx{}} })},
		"parameters": {fx.Provide(newDB), scope.Replace(func(x *tx, s *scope.Scope) (*repo, error) { return newFakeRepo(), nil })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, test.real, fx.Module("orders", scope.Provide(newTx, newRepo, newHandler),
				scope.Provide(func() out { return out{Tx: &tx{}} })), test.fake)
			s := f.New(t.Context())
			if h := get[*handler](t, s); h.repo.db.name != "fake" || get[*repo](t, s) != h.repo || h.tx == nil {
				t.Errorf("got %+v", h)
			}
			closed(t, s)
			if err := f.Run(t.Context(), func(h *handler) {
				if h.repo.db.name != "fake" {
					t.Errorf("got %+v", h)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A value keeps its lifetime, and nobody misses what the replaced constructor takes.
func TestReplaceKeepsTheLifetime(t *testing.T) {
	t.Parallel()
	var j journal
	s := open(t, scope.Transient(newTx), scope.Value[*a](), scope.Provide(newRepo), asks[*b, *tx](&b{}),
		scope.Bind[reader](func(*db) *hiddenReader { return nil }),
		scope.Replace(func() (*tx, func()) { return &tx{}, func() { j.note("closed") } }, newFakeRepo,
			func() *a { return &a{} }, func() (*b, error) { return &b{noting{&j, "b"}}, nil }, func() reader { return nil }))
	one, other, a1 := get[*tx](t, s), get[*tx](t, s), get[*a](t, s)
	if one == other || a1 != get[*a](t, s) || get[*repo](t, s).db.name != "fake" || get[reader](t, s) != nil {
		t.Error("got values of another lifetime")
	}
	get[*b](t, s)
	closed(t, s)
	j.want(t, "b, closed, closed")
}

type hiddenReader struct{ io.Reader }

func TestReplaceSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"nothing": {
			scope.Replace(newFakeRepo),
			`scope: scope_test\.newFakeRepo @ replaces \*scope_test\.repo, which nothing in this package provides: use scope\.Provide, or fx\.Replace for a singleton`,
		},
		"a singleton": {
			fx.Options(fx.Provide(newDB), scope.Provide(newTx), scope.Replace(newDB)),
			`scope: scope_test\.newDB @ replaces \*scope_test\.db, which nothing in .*`,
		},
		"twice": {
			fx.Options(fx.Provide(newDB), standardScoped(), scope.Replace(newFakeRepo, newOtherRepo)),
			`scope: scope_test\.newFakeRepo @ and scope_test\.newOtherRepo @ both replace \*scope_test\.repo`,
		},
		"missing": {
			fx.Options(fx.Provide(newDB), standardScoped(), scope.Replace(func(string) *repo { return nil })),
			`scope: scope_test\.\S+ @ needs string, which nothing provides: .*`,
		},
		"cycle": {
			fx.Options(fx.Provide(newDB), standardScoped(), scope.Replace(func(*handler) *repo { return nil })),
			`scope: cycle: .*`,
		},
		"shape": {scope.Replace(3), `scope: Replace at \S+replace_test\.go:\d+: constructor is a int, want a function`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := build(test.option)
			wantText(t, err, test.want)
		})
	}
}

func standardScoped() fx.Option { return scope.Provide(newTx, newRepo, newHandler) }

// fx.Replace and fx.Decorate would do nothing.
func TestFxReplaceOfAScopedTypeIsRefused(t *testing.T) {
	t.Parallel()
	const (
		replaced  = `scope: fx\.Replace and fx\.Decorate do not reach \*scope_test\.repo of scope_test\.newRepo @, which lives for one unit of work: use scope\.Replace`
		decorated = `.*failed to build \*scope_test\.repo: could not build arguments for function \S+newDecorated @: .*; scope\.Replace changes it, fx\.Replace and fx\.Decorate do not( \(0x\w+\))?("\])?`
	)
	inModule := fx.Module("orders", standardScoped())
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"Replace":                   {fx.Options(standardScoped(), fx.Replace(newFakeRepo())), replaced},
		"Replace above":             {fx.Options(inModule, fx.Replace(newFakeRepo())), replaced},
		"Replace, and a captive":    {fx.Options(standardScoped(), fx.Replace(newFakeRepo()), fx.Provide(newCapturingA), fx.Invoke(func(*a) {})), replaced},
		"Decorate":                  {fx.Options(standardScoped(), fx.Decorate(newDecorated)), decorated},
		"Decorate above":            {fx.Options(inModule, fx.Decorate(newDecorated)), decorated},
		"Decorate with another one": {fx.Options(standardScoped(), fx.Decorate(newFakeRepo)), replaced},
		"Replace of an interface": {
			fx.Options(scope.Bind[reader](func() *hiddenReader { return nil }), fx.Replace(fx.Annotate(&hiddenReader{}, fx.As(new(reader))))),
			`scope: fx\.Replace and fx\.Decorate do not reach scope_test\.reader of .*`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := build(fx.Provide(newDB), test.option)
			wantText(t, err, test.want)
			wantText(t, scope.ValidateApp(fx.NopLogger, scope.Module(), fx.Provide(newDB), test.option), test.want)
		})
	}
	// That of a singleton is taken.
	s := open(t, standard(), fx.Replace(&db{"fake"}))
	if get[*handler](t, s).repo.db.name != "fake" {
		t.Error("got the real one")
	}
}

func newDecorated(r *repo) *repo { return r }
