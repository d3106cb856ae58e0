package scope_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

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
	one, other := get[*tx](t, s), get[*tx](t, s)
	if p.a == p.b || p.a == one || one == other {
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
	f := start(t, scope.Value[*message](), scope.Value[reader](), scope.Value[message](),
		scope.Provide(func(m *message) *user { return &user{m} }))
	given := &message{7}
	s := f.New(t.Context(), scope.With(given), scope.With[reader](nil))
	if get[*message](t, s) != given || get[*user](t, s).of != given {
		t.Error("got another message")
	}
	if r := get[reader](t, s); r != nil {
		t.Errorf("got %v for nil", r)
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
	type audited struct{}
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
	type other struct{ params params }
	f := start(t, standard(),
		scope.Provide(func(ctx context.Context, s *scope.Scope, f *scope.Factory) *taken { return &taken{ctx, s, f} }),
		scope.Transient(func(p params) other { return other{p} }))
	ctx := context.WithValue(t.Context(), contextKey{}, 1)
	s := f.New(ctx)
	defer closed(t, s)
	got, in := get[*taken](t, s), get[other](t, s)
	if got.ctx != ctx || in.params.Context != ctx || s.Context() != ctx || got.scope.Context() != ctx || get[context.Context](t, s) != ctx {
		t.Error("got another context")
	}
	if get[*tx](t, got.scope) != get[*tx](t, s) || get[*tx](t, in.params.Scope) != get[*tx](t, s) {
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

// A zero is a value as any other, made once, singleton or not.
func TestZeroesAreProvided(t *testing.T) {
	t.Parallel()
	type all struct {
		fx.In
		DB   *db
		Int  int
		Map  map[string]int
		Func func()
		Chan chan int `name:"c"`
		Any  struct{ X int }
		R    reader
	}
	type scoped struct {
		fx.In
		Tx   *tx
		Text string
		R    io.Closer
		List []int
		Any  any
	}
	type made struct {
		all    all
		scoped scoped
	}
	type pointers struct{}
	var j journal
	singletons := func() (*db, int, map[string]int, func(), struct{ X int }, reader) {
		return nil, 0, nil, nil, struct{ X int }{}, nil
	}
	s := open(t, fx.Provide(singletons, fx.Annotate(func() chan int { return nil }, fx.ResultTags(`name:"c"`))),
		scope.Provide(
			func(a all, s scoped) made { return made{a, s} },
			func(*db, map[string]int, func(), *tx) *pointers { return nil },
			func() *tx { j.note("tx"); return nil },
			func() string { j.note("string"); return "" },
			func() (io.Closer, error) { j.note("closer"); return nil, nil },
			func() ([]int, func()) { j.note("list"); return nil, nil },
		),
		scope.Bind[any](func() *repo { j.note("any"); return nil }),
	)
	for range 2 {
		if _, typed := get[made](t, s).scoped.Any.(*repo); !typed {
			t.Error("any is not a nil *repo")
		}
		if p := get[*pointers](t, s); p != nil {
			t.Error("got a *pointers")
		}
	}
	j.want(t, "tx, string, closer, list, any")
}

func TestValuesOfEveryKind(t *testing.T) {
	t.Parallel()
	type large struct{ a, b, c, d int }
	s := open(t, scope.Provide(
		func() large { return large{1, 2, 3, 4} },
		func() [3]int { return [3]int{1, 2, 3} },
		func() float64 { return 1.5 },
		func() complex128 { return 2i },
		func() error2 { return error2{errBroken} },
		func() struct{ p *int } { n := 5; return struct{ p *int }{&n} },
		func(l large, a [3]int, f float64, c complex128, e error2) (string, error) {
			if l.d != 4 || a[2] != 3 || f != 1.5 || c != 2i || e.err != errBroken { //nolint:errorlint // the same value
				return "", errBroken
			}
			return "all", nil
		},
	))
	if get[string](t, s) != "all" || *get[struct{ p *int }](t, s).p != 5 {
		t.Error("got other values")
	}
}

type error2 struct{ err error }

// The slots of a scope come in chunks of four.
func TestScopesOfManyTypes(t *testing.T) {
	t.Parallel()
	var options []fx.Option
	for _, k := range kinds {
		options = append(options, k.provide(func() *body { return &body{} }))
	}
	s := open(t, options...)
	values := map[any]bool{}
	for range 2 {
		for i := range kinds {
			value, err := kinds[len(kinds)-1-i].get(s)
			if err != nil {
				t.Fatal(err)
			}
			values[value] = true
		}
	}
	if len(values) != len(kinds) {
		t.Errorf("got %d values of %d types", len(values), len(kinds))
	}
}

// A failure is not kept; who asks again tries again.
func TestAFailedConstructorIsCalledAgain(t *testing.T) {
	t.Parallel()
	calls := 0
	s := open(t, fx.Provide(newDB), scope.Provide(newRepo, newHandler, func(d *db) (*tx, error) {
		if calls++; calls < 3 {
			return nil, errBroken
		}
		return &tx{d}, nil
	}))
	for range 2 {
		_, err := scope.Get[*handler](s)
		wantIs(t, err, errBroken)
		wantText(t, err, `scope: scope_test\.TestAFailedConstructorIsCalledAgain\.func1 @: broken`)
	}
	if h := get[*handler](t, s); h.tx == nil || h.tx != h.repo.tx || calls != 3 {
		t.Errorf("got %+v after %d calls", h, calls)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	fail := true
	s := open(t, fx.Provide(newDB), scope.Provide(newRepo, newTxOrPanic), scope.Value[bool](),
		scope.Func(func(s *scope.Scope) (*handler, error) {
			if fail {
				panic(errBroken)
			}
			r, err := scope.Get[*repo](s)
			return &handler{repo: r}, err
		}), scope.Transient(func() string { panic("struct") }))
	var p *scope.PanicError
	_, err := scope.Get[*handler](s)
	wantText(t, err, `scope: scope_test\.TestAPanicIsAnError\.func1 @: panic: broken`)
	wantIs(t, err, errBroken)
	fail = false
	_, err = scope.Get[*handler](s)
	wantText(t, err, `scope: scope_test\.newTxOrPanic @: panic: runtime error: index out of range .*`)
	if !errors.As(err, &p) {
		t.Fatalf("got %T", err)
	}
	wantText(t, errors.New(p.Constructor), `scope_test\.newTxOrPanic @`)
	wantText(t, errors.New(string(p.Stack)), `goroutine .*newTxOrPanic.*`)
	_, err = scope.Get[string](s)
	wantText(t, err, `scope: scope_test\.TestAPanicIsAnError\.func2 @: panic: struct`)
	if errors.As(err, &p) && p.Unwrap() != nil {
		t.Errorf("got %v in a panic that is no error", p.Unwrap())
	}
}

func newTxOrPanic(d *db) *tx { return &tx{make([]*db, 1)[len(d.name)]} }

// As t.FailNow does in a test.
func TestGoexitInAConstructorLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	asks := func(s *scope.Scope) error { _, err := scope.Get[*tx](s); return err }
	for name, test := range map[string]struct {
		provide func(build func() *tx) fx.Option
		ask     func(*scope.Scope) error
	}{
		"plain": {func(build func() *tx) fx.Option { return scope.Provide(build) }, asks},
		"reflection": {
			func(build func() *tx) fx.Option { return scope.Provide(func() (*tx, string) { return build(), "" }) }, asks,
		},
		"func": {func(build func() *tx) fx.Option {
			return scope.Func(func(*scope.Scope) (*tx, error) { return build(), nil })
		}, asks},
		"below": {func(build func() *tx) fx.Option {
			return scope.Provide(func() int { build(); return 1 }, func(int) *tx { return &tx{} })
		}, asks},
		"transient below": {func(build func() *tx) fx.Option {
			return fx.Options(scope.Transient(func(*scope.Scope) int { build(); return 1 }), scope.Provide(func(int) *tx { return &tx{} }))
		}, asks},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var (
					calls   atomic.Int32
					asked   = make(chan struct{})
					waiting sync.WaitGroup
				)
				s := open(t, test.provide(func() *tx {
					if calls.Add(1) == 1 {
						<-asked
						runtime.Goexit()
					}
					return &tx{}
				}))
				waiting.Go(func() {
					_ = test.ask(s)
					t.Error("Get has returned")
				})
				synctest.Wait()
				for range 3 {
					waiting.Go(func() {
						if err := test.ask(s); err != nil {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				close(asked)
				waiting.Wait()
				if calls.Load() != 2 {
					t.Errorf("got %d calls", calls.Load())
				}
			})
		})
	}
}
