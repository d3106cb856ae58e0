package scope_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/hosted/scope"
)

func standard() fx.Option {
	return fx.Options(fx.Provide(newDB), scope.Provide(newTx, newRepo, newHandler))
}

func TestAScopeHasOneOfEach(t *testing.T) {
	t.Parallel()
	s := open(t, standard())
	h := get[*handler](t, s)
	if h.tx == nil || h.tx != h.repo.tx || h.tx != get[*tx](t, s) || h != get[*handler](t, s) {
		t.Errorf("got several in one scope: %+v", h)
	}
	if h.tx.db != h.repo.db || h.tx.db == nil {
		t.Errorf("got %p and %p for the singleton", h.tx.db, h.repo.db)
	}
}

func TestATransientIsMadeForEveryoneWhoAsks(t *testing.T) {
	t.Parallel()
	type pair struct{ a, b *tx }
	s := open(t, fx.Provide(newDB), scope.Transient(newTx),
		scope.Provide(func(a, b *tx) *pair { return &pair{a, b} }))
	p := get[*pair](t, s)
	if p.a == p.b || p.a == get[*tx](t, s) || get[*tx](t, s) == get[*tx](t, s) {
		t.Error("got a transient value twice")
	}
}

func TestFuncAsksForWhatItNeeds(t *testing.T) {
	t.Parallel()
	s := open(t, standard(), scope.Func(func(s *scope.Scope) (*[2]*tx, error) {
		a, err := scope.Get[*tx](s)
		b, err2 := scope.Get[*repo](s)
		return &[2]*tx{a, b.tx}, errors.Join(err, err2)
	}))
	if both := get[*[2]*tx](t, s); both[0] == nil || both[0] != both[1] || both != get[*[2]*tx](t, s) {
		t.Errorf("got %v", both)
	}
}

func TestGetKnowsTheSingletonsThatConstructorsTake(t *testing.T) {
	t.Parallel()
	s := open(t, standard(), fx.Supply("unused"))
	if get[*db](t, s) != get[*tx](t, s).db {
		t.Error("got another singleton")
	}
	_, err := scope.Get[string](s)
	wantText(t, err, `scope: string is unknown: provide it with scope\.Provide, declare it with scope\.Value `+
		`if scope\.With gives it, or name it with scope\.Singleton if fx makes it`)
}

func TestSingletonNamesWhatNoConstructorTakes(t *testing.T) {
	t.Parallel()
	f := start(t, fx.Supply("supplied", fx.Annotate(7, fx.As(new(any)))), scope.Singleton[string](), scope.Singleton[any](),
		scope.Singleton[*scope.Factory]())
	s := f.New(t.Context())
	if a, b := get[string](t, s), get[any](t, s); a != "supplied" || b != 7 {
		t.Errorf("got %v and %v", a, b)
	}
	if get[*scope.Factory](t, s) != f {
		t.Error("got another factory")
	}
	closed(t, s)
	_, err := scope.Get[string](s)
	wantIs(t, err, scope.ErrClosed)
}

func TestValueIsWhatWithGave(t *testing.T) {
	t.Parallel()
	type message struct{ id int }
	type user struct{ of *message }
	f := start(t, scope.Value[*message](), scope.Value[error](), scope.Value[message](),
		scope.Provide(func(m *message) *user { return &user{m} }))
	given := &message{7}
	s := f.New(t.Context(), scope.With(given), scope.With[error](nil))
	if get[*message](t, s) != given || get[*user](t, s).of != given {
		t.Error("got another message")
	}
	if err := get[error](t, s); err != nil {
		t.Errorf("got %v for nil", err)
	}
	_, err := scope.Get[message](s)
	wantText(t, err, `scope: this scope was given no scope_test\.message: open it with scope\.With\(value\)`)

	s = f.New(t.Context())
	_, err = scope.Get[*user](s)
	wantText(t, err, `scope: this scope was given no \*scope_test\.message: open it with scope\.With\(value\)`)

	s = f.New(t.Context(), scope.With(given), scope.With("text"))
	for range 2 {
		_, err = scope.Get[*message](s)
		wantText(t, err, `scope: With gave a string, which was not declared: add scope\.Value\[string\]\(\) to the options`)
	}
	closed(t, s)
}

// The value is not the scope's own (DI-5).
func TestCloseLeavesWhatWithGave(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, scope.Value[*noting]())
	s := f.New(t.Context(), scope.With(&noting{&j, "given"}))
	get[*noting](t, s)
	closed(t, s)
	j.want(t, "")
}

func TestGetNamed(t *testing.T) {
	t.Parallel()
	type out struct {
		fx.Out
		Primary *db `name:"primary"`
		Spare   *db `name:"spare"`
		Plain   *db
	}
	s := open(t, scope.Provide(func() out { return out{Primary: &db{"p"}, Spare: &db{"s"}, Plain: &db{""}} }))
	for name, want := range map[string]string{"primary": "p", "spare": "s"} {
		if got, err := scope.GetNamed[*db](s, name); err != nil || got.name != want {
			t.Errorf("got %v, %v for %q", got, err, name)
		}
	}
	if plain, err := scope.GetNamed[*db](s, ""); err != nil || plain != get[*db](t, s) {
		t.Errorf("got %v, %v without a name", plain, err)
	}
	_, err := scope.GetNamed[*db](s, "third")
	wantText(t, err, `scope: \*scope_test\.db named "third" is unknown: .*`)
}

type reader interface{ Read([]byte) (int, error) }

func TestBindIsSeenAsTheInterfaceOnly(t *testing.T) {
	t.Parallel()
	type file struct{ io.Reader }
	type user struct{ r reader }
	s := open(t, scope.Bind[reader](func() (*file, error) { return &file{}, nil }),
		scope.Provide(func(r reader) *user { return &user{r} }))
	r := get[reader](t, s)
	if _, ok := r.(*file); !ok || get[*user](t, s).r != r {
		t.Errorf("got %T", r)
	}
	_, err := scope.Get[*file](s)
	wantText(t, err, `scope: \*scope_test\.file is unknown: .*`)
}

func TestLoggersAreNamedAfterWhatIsBuilt(t *testing.T) {
	t.Parallel()
	type audited struct{ log *zap.Logger }
	type params struct {
		fx.In
		Log *zap.Logger
		Own *zap.Logger `name:"own"`
	}
	core, logs := observer.New(zapcore.DebugLevel)
	s := open(t, fx.Supply(zap.New(core).Named("app"), fx.Annotate(zap.New(core), fx.ResultTags(`name:"own"`))),
		scope.Provide(func(log *zap.Logger) *tx { log.Info("plain"); return nil }),
		scope.Transient(func(p params) audited { p.Log.Info("in"); p.Own.Info("named"); return audited{} }),
		scope.Bind[reader](func(log *zap.Logger) io.ReadCloser { log.Info("bound"); return nil }))
	get[*tx](t, s)
	get[audited](t, s)
	get[reader](t, s)
	want := map[string]string{
		"plain": "app.scope_test.tx", "in": "app.scope_test.audited", "named": "scope_test.audited", "bound": "app.scope_test.reader",
	}
	if logs.Len() != len(want) {
		t.Errorf("got %d entries", logs.Len())
	}
	for _, entry := range logs.All() {
		if entry.LoggerName != want[entry.Message] {
			t.Errorf("%q was logged by %q", entry.Message, entry.LoggerName)
		}
	}
}

// D8: a decorator reaches its module only. A constructor has the singletons, and
// the logger, of the module that it was provided in.
func TestConstructorsHaveTheSingletonsOfTheirModule(t *testing.T) {
	t.Parallel()
	type named struct{ a, b string }
	core, logs := observer.New(zapcore.DebugLevel)
	module := func(name string, constructors ...any) fx.Option {
		return fx.Module(name,
			fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named(name) }),
			fx.Decorate(func(*db) *db { return &db{name} }),
			fx.Provide(func() named { return named{name, name} }, fx.Private),
			scope.Provide(constructors...))
	}
	s := open(t, fx.Supply(zap.New(core)), fx.Provide(newDB),
		module("orders", func(d *db, n named, log *zap.Logger) *tx { log.Info("orders"); return &tx{&db{d.name + n.a}} }),
		module("stock", func(d *db, n named, log *zap.Logger) *repo { log.Info("stock"); return &repo{db: &db{d.name + n.b}} }))
	if a, b := get[*tx](t, s).db.name, get[*repo](t, s).db.name; a != "ordersorders" || b != "stockstock" {
		t.Errorf("got %s and %s", a, b)
	}
	for i, want := range []string{"orders.scope_test.tx", "stock.scope_test.repo"} {
		if got := logs.All()[i].LoggerName; got != want {
			t.Errorf("%s was logged by %s", logs.All()[i].Message, got)
		}
	}
}

type contextKey struct{}

func TestConstructorsTakeTheContextTheScopeAndTheFactory(t *testing.T) {
	t.Parallel()
	type taken struct {
		ctx     context.Context
		scope   *scope.Scope
		factory *scope.Factory
	}
	type params struct {
		fx.In
		Context context.Context
		Scope   *scope.Scope
	}
	type other struct{ params }
	f := start(t, standard(),
		scope.Provide(func(ctx context.Context, s *scope.Scope, f *scope.Factory) *taken { return &taken{ctx, s, f} }),
		scope.Transient(func(p params) other { return other{p} }))
	ctx := context.WithValue(t.Context(), contextKey{}, 1)
	s := f.New(ctx)
	defer closed(t, s)
	got, in := get[*taken](t, s), get[other](t, s)
	if got.ctx != ctx || in.Context != ctx || s.Context() != ctx || got.scope.Context() != ctx || get[context.Context](t, s) != ctx {
		t.Error("got another context")
	}
	if get[*tx](t, got.scope) != get[*tx](t, s) || get[*tx](t, in.Scope) != get[*tx](t, s) {
		t.Error("got another scope")
	}
	if get[*scope.Scope](t, s) != s {
		t.Error("the scope is not its own")
	}
	if got.factory != f {
		t.Error("got another factory")
	}
}

// Holding the factory and the scope that needs the holder is no cycle.
func TestASingletonMayHoldTheFactory(t *testing.T) {
	t.Parallel()
	type worker struct{ f *scope.Factory }
	type job struct{ w *worker }
	var w *worker
	start(t, fx.Provide(func(f *scope.Factory) *worker { return &worker{f} }),
		scope.Provide(func(w *worker) *job { return &job{w} }), fx.Populate(&w))
	if err := w.f.Run(t.Context(), func(j *job) {
		if j.w != w {
			t.Error("got another singleton")
		}
	}); err != nil {
		t.Error(err)
	}
}

func TestAFactoryThatIsUsedTooEarlySaysSo(t *testing.T) {
	t.Parallel()
	const want = `scope: the application is not built yet: open scopes in methods, not in constructors, ` +
		`and have scope\.Module\(\) in the options of fx\.New`
	early := func(f *scope.Factory) {
		s := f.New(t.Context())
		_, err := scope.Get[*tx](s)
		wantText(t, err, want)
		closed(t, s)
		wantText(t, f.Run(t.Context(), func() {}), want)
	}
	start(t, standard(), scope.Singleton[int](), fx.Provide(func(f *scope.Factory) int { early(f); return 1 }))
	early(&scope.Factory{})
}

// A zero is a value as any other.
func TestZeroesAreProvided(t *testing.T) {
	t.Parallel()
	type all struct {
		fx.In
		DB    *db
		Int   int
		Err   error
		Map   map[string]int
		Func  func()
		Chan  chan int `name:"c"`
		Value struct{ X int }
	}
	type made struct{ all }
	singletons := func() (*db, int, map[string]int, func(), struct{ X int }) { return nil, 0, nil, nil, struct{ X int }{} }
	type out struct {
		fx.Out
		Err  *tx
		Chan chan int `name:"c"`
	}
	options := fx.Options(fx.Provide(singletons, func() out { return out{} }),
		fx.Provide(fx.Annotate(func() io.Reader { return nil })))
	s := open(t, options, scope.Provide(
		func(r io.Reader) error { return nil },
		func(a all) *made { return &made{a} },
		func(d *db, t *tx, m map[string]int, f func()) *repo { return &repo{d, t} },
	))
	_ = s
}
