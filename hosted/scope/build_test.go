package scope_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
)

func newCapturing(*repo) *handler          { return &handler{} }
func newScopeTaking(*scope.Scope) *handler { return &handler{} }
func newCircularTx(*repo) *tx              { return nil }
func newOtherTx() (*tx, error)             { return nil, nil }
func newPair() (*a, *b)                    { return nil, nil }
func newPooledDB(*pool) *db                { return nil }
func newSelf(*tx) *tx                      { return nil }

type (
	pool struct{}

	listOut struct {
		fx.Out
		A *a `group:"list"`
	}
	secretOut struct {
		fx.Out
		A *a
		b *b
	}
	nestedOut struct {
		fx.Out
		Inner secretOut
	}
	embeddedOut struct {
		secretOut
		B *b
	}
	emptyOut struct{ fx.Out }
	emptyIn  struct{ fx.In }
	errorOut struct {
		fx.Out
		A   *a
		Err error
	}
	secretIn struct {
		fx.In
		DB *db
		tx *tx
	}
	nestedIn struct {
		fx.In
		Inner emptyIn
	}
	embeddedIn struct {
		emptyIn
		DB *db
	}
)

// Each text names both ends and says what to write. (DI-10, DI-11, DI-13, D5, D7)
func TestMistakesAreErrorsOfBuild(t *testing.T) {
	t.Parallel()
	_, _ = secretOut{}.b, secretIn{}.tx
	var none func() *tx
	const (
		at    = `scope: Provide at \S+build_test\.go:\d+: constructor `
		twice = `.*cannot provide function \S+ @: cannot provide \*scope_test\.tx from \S+: already provided by \S+( @)?`
	)
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"missing": {
			scope.Provide(newTx),
			`scope: scope_test\.newTx @ needs \*scope_test\.db, which nothing provides: add a constructor of it with ` +
				`scope\.Provide or fx\.Provide, or scope\.Value\[\*scope_test\.db\]\(\) if scope\.With gives it`,
		},
		"several missing": {
			scope.Provide(newRepo, newHandler),
			`scope: scope_test\.newHandler @ needs \*scope_test\.tx, which .*\n` +
				`scope: scope_test\.newRepo @ needs \*scope_test\.db, which .*\n` +
				`scope: scope_test\.newRepo @ needs \*scope_test\.tx, which .*`,
		},
		"missing, of a singleton": {
			fx.Options(fx.Provide(newPooledDB), scope.Provide(newTx)),
			`scope: scope_test\.newTx @ needs \*scope_test\.db, which nothing provides: .*`,
		},
		"missing name": {
			fx.Options(fx.Provide(newDB), scope.Provide(func(struct {
				fx.In
				DB *db `name:"spare"`
			},
			) *tx {
				return nil
			})),
			`scope: scope_test\.\S+ @ needs \*scope_test\.db named "spare", which nothing provides: .*`,
		},
		"missing of Singleton": {
			scope.Singleton[*db](),
			`scope: scope\.Singleton\[\*scope_test\.db\] @ needs \*scope_test\.db, which nothing provides: .*`,
		},
		"cycle": {
			fx.Options(fx.Provide(newDB), scope.Provide(newCircularTx, newRepo, newHandler)),
			`scope: cycle: scope_test\.newCircularTx @ needs scope_test\.newRepo @ needs scope_test\.newCircularTx @` +
				`: break it by a scoped value that both take, or by a \*scope\.Scope that is asked later`,
		},
		"cycle of one": {
			scope.Provide(newSelf),
			`scope: cycle: scope_test\.newSelf @ needs scope_test\.newSelf @: break it .*`,
		},
		"cycle through a transient": {
			fx.Options(fx.Provide(newDB), scope.Transient(newCircularTx), scope.Provide(newRepo)),
			`scope: cycle: scope_test\.newCircularTx @ needs scope_test\.newRepo @ needs scope_test\.newCircularTx @: break it .*`,
		},
		"two cycles": {
			fx.Options(scope.Provide(newSelf, func(*b) *a { return nil }, func(*a) *b { return nil })),
			`scope: cycle: (\S+ @ needs ){2}\S+ @: break it [^\n]*\nscope: cycle: \S+newSelf @ needs \S+newSelf @: break it [^\n]*`,
		},
		"missing and a cycle": {
			scope.Provide(newTx, func(*b) *a { return nil }, func(*a) *b { return nil }),
			`scope: scope_test\.newTx @ needs \*scope_test\.db, .*\nscope: cycle: (\S+ @ needs ){2}\S+ @: break it .*`,
		},
		"missing within a cycle": {
			scope.Provide(newCircularTx, newRepo),
			`scope: scope_test\.newRepo @ needs \*scope_test\.db, .*\nscope: cycle: \S+newCircularTx @ needs \S+newRepo @ needs .*`,
		},
		"a private singleton of a module": {
			fx.Options(fx.Module("m", fx.Provide(newDB, fx.Private), scope.Provide(newTx)), scope.Provide(newRepo)),
			`scope: scope_test\.newRepo @ needs \*scope_test\.db, which nothing provides: .*`,
		},
		"an implementation is there": {
			scope.Provide(func() *hiddenReader { return nil }, func(reader) *a { return nil }),
			`scope: scope_test\.\S+ @ needs scope_test\.reader, which nothing provides: ` +
				`write scope\.Bind\[scope_test\.reader\]\(scope_test\.\S+\) instead of scope\.Provide`,
		},
		"two constructors":           {fx.Options(fx.Provide(newDB), scope.Provide(newTx, newOtherTx)), twice},
		"the same twice":             {fx.Options(fx.Provide(newDB), scope.Provide(newTx), scope.Provide(newTx)), twice},
		"scoped and transient":       {fx.Options(fx.Provide(newDB), scope.Provide(newTx), scope.Transient(newOtherTx)), twice},
		"scoped and singleton":       {fx.Options(fx.Provide(newDB, newTx), scope.Provide(newOtherTx)), twice},
		"scoped and given":           {fx.Options(fx.Provide(newDB), scope.Provide(newTx), scope.Value[*tx]()), `.*cannot provide function \S+ \(\S+:\d+\): cannot provide \*scope_test\.tx from \S+: already provided by \S+ @`},
		"Func and constructor":       {fx.Options(fx.Provide(newDB), scope.Provide(newTx), asks[*tx, *db](nil)), twice},
		"two of one constructor":     {scope.Provide(func() (*tx, *tx) { return nil, nil }), twice},
		"bound and provided":         {fx.Options(scope.Bind[*tx](newOtherTx), scope.Provide(newOtherTx)), twice},
		"singleton takes scoped":     {fx.Options(standard(), fx.Provide(newCapturingA), fx.Invoke(func(*a) {})), captive},
		"singleton takes transient":  {fx.Options(fx.Provide(newDB, newCapturingA), scope.Transient(newRepo, newTx), fx.Invoke(func(*a) {})), captive},
		"singleton takes a value":    {fx.Options(fx.Provide(newCapturingA), scope.Value[*repo](), fx.Invoke(func(*a) {})), captive},
		"singleton takes Func":       {fx.Options(fx.Provide(newCapturingA), asks[*repo, *tx](nil), fx.Invoke(func(*a) {})), captive},
		"Invoke takes scoped":        {fx.Options(standard(), fx.Invoke(func(*repo) {})), captive},
		"scoped takes a captive one": {fx.Options(fx.Provide(newCapturing), scope.Provide(newOtherTx, newOtherRepo, func(*handler) *b { return nil })), `.*failed to build \*scope_test\.handler: .*newCapturing @: failed to build \*scope_test\.repo: .*: scope: a singleton cannot take \*scope_test\.repo of .*`},
		"singleton takes the scope":  {fx.Options(fx.Provide(newScopeTaking), fx.Invoke(func(*handler) {})), `.*newScopeTaking @: failed to build \*scope\.Scope: .*: scope: a singleton cannot take a \*scope\.Scope: take a \*scope\.Factory and open a scope for each unit of work`},

		"no function":        {scope.Provide(newTx, 3), at + `is a int, want a function`},
		"nil":                {scope.Provide(nil), at + `is a <nil>, want a function`},
		"nil function":       {scope.Provide(none), at + `is a nil func\(\) \*scope_test\.tx`},
		"value":              {scope.Provide(&tx{}), at + `is a \*scope_test\.tx, want a function`},
		"annotated":          {scope.Provide(fx.Annotate(newTx)), at + `is a fx\.annotated, want a function`},
		"variadic":           {scope.Provide(func(...*db) *tx { return nil }), at + `func\(\.\.\.\*scope_test\.db\) \*scope_test\.tx is variadic: take a slice in an fx\.In struct`},
		"no result":          {scope.Provide(func(*db) {}), at + `func\(\*scope_test\.db\) makes nothing: want func\(\.\.\.\) T, and behind T a cleanup function or an error or both if it has them`},
		"error only":         {scope.Provide(func() error { return nil }), at + `func\(\) error makes nothing: .*`},
		"error first":        {scope.Provide(func() (error, *tx) { return nil, nil }), at + `func\(\) \(error, \*scope_test\.tx\): an error must be the last result`}, //nolint:staticcheck // the mistake
		"two errors":         {scope.Provide(func() (error, error) { return nil, nil }), at + `func\(\) \(error, error\): an error must be the last result`},
		"group":              {scope.Provide(func() listOut { return listOut{} }), at + `func\(\) scope_test\.listOut: field A: scoped values cannot be in a group`},
		"unexported result":  {scope.Provide(func() secretOut { return secretOut{} }), at + `func\(\) scope_test\.secretOut: field b of scope_test\.secretOut: want exported fields and no struct within`},
		"struct in a result": {scope.Provide(func() nestedOut { return nestedOut{} }), at + `func\(\) scope_test\.nestedOut: field Inner of scope_test\.nestedOut: want .*`},
		"embedded result":    {scope.Provide(func() embeddedOut { return embeddedOut{} }), at + `func\(\) scope_test\.embeddedOut: field secretOut of scope_test\.embeddedOut: want .*`},
		"empty result":       {scope.Provide(func() emptyOut { return emptyOut{} }), at + `func\(\) scope_test\.emptyOut makes nothing: .*`},
		"empty and error":    {scope.Provide(func() (emptyOut, error) { return emptyOut{}, nil }), at + `func\(\) \(scope_test\.emptyOut, error\) makes nothing: .*`},
		"error in a result":  {scope.Provide(func() errorOut { return errorOut{} }), at + `func\(\) scope_test\.errorOut: an error must be the last result`},
		"parameter object":   {scope.Provide(func() emptyIn { return emptyIn{} }), `.*cannot provide parameter objects: scope_test\.emptyIn embeds a dig\.In`},
		"unexported field":   {scope.Provide(func(secretIn) *a { return nil }), at + `func\(scope_test\.secretIn\) \*scope_test\.a: field tx of scope_test\.secretIn: want exported fields and no struct within`},
		"struct in a struct": {scope.Provide(func(nestedIn) *a { return nil }), at + `func\(scope_test\.nestedIn\) \*scope_test\.a: field Inner of scope_test\.nestedIn: want .*`},
		"embedded struct":    {scope.Provide(func(embeddedIn) *a { return nil }), at + `func\(scope_test\.embeddedIn\) \*scope_test\.a: field emptyIn of scope_test\.embeddedIn: want .*`},
		"the context":        {scope.Provide(func() context.Context { return nil }), at + `func\(\) context\.Context: every scope has a context\.Context of its own`},
		"the scope":          {scope.Provide(func() *scope.Scope { return nil }), at + `func\(\) \*scope\.Scope: every scope has a \*scope\.Scope of its own`},

		"Transient": {scope.Transient(func() {}), `scope: Transient at \S+build_test\.go:\d+: constructor func\(\) makes nothing: .*`},
		"Bind of what it is not": {
			scope.Bind[reader](newOtherTx),
			`scope: Bind at \S+build_test\.go:\d+: constructor func\(\) \(\*scope_test\.tx, error\) does not return one value that is a scope_test\.reader`,
		},
		"Bind of two": {
			scope.Bind[any](newPair),
			`scope: Bind at \S+build_test\.go:\d+: constructor func\(\) \(\*scope_test\.a, \*scope_test\.b\) does not return one value that is a interface \{\}`,
		},
		"Bind of what must be converted": {
			scope.Bind[context.CancelFunc](func() func() { return func() {} }),
			`scope: Bind at \S+build_test\.go:\d+: constructor func\(\) func\(\) does not return one value that is a context\.CancelFunc`,
		},
		"Bind of nil":        {scope.Bind[any](nil), `scope: Bind at \S+build_test\.go:\d+: constructor is a <nil>, want a function`},
		"nil Func":           {scope.Func[*tx](nil), `scope: Func at \S+build_test\.go:\d+: function is nil`},
		"Func of the scope":  {asks[*scope.Scope, *tx](nil), `scope: Func at \S+_test\.go:\d+: constructor func\(\*scope\.Scope\) \(\*scope\.Scope, error\): every scope has .*`},
		"Func of an error":   {asks[error, *tx](nil), `scope: Func at \S+_test\.go:\d+: .*an error must be the last result`},
		"Func of a struct":   {asks[errorlessOut, *tx](errorlessOut{}), `scope: Func at \S+_test\.go:\d+: function makes a scope_test\.errorlessOut, want one value: use scope\.Provide`},
		"Value of the scope": {scope.Value[*scope.Scope](), `scope: Value at \S+_test\.go:\d+: every scope has a \*scope\.Scope of its own`},
		"Value of a context": {scope.Value[context.Context](), `scope: Value at \S+_test\.go:\d+: every scope has a context\.Context of its own`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := build(test.option)
			wantText(t, err, test.want)
			if err != nil && strings.HasPrefix(err.Error(), "scope: ") && strings.Contains(err.Error(), "\n\t") {
				t.Errorf("there is a stack in %v", err)
			}
		})
	}
}

const captive = `could not build arguments for function \S+ @: (failed to build \*scope_test\.a: ` +
	`could not build arguments for function \S+newCapturingA @: )?` +
	`failed to build \*scope_test\.repo: could not build arguments for function \S+ \(\S+:\d+\): failed to build ` +
	`scope\.unitOfWork\[name="of \S+, \w+"\]: received non-nil error from function \S+ \(\S+\): ` +
	`scope: a singleton cannot take \*scope_test\.repo of \S+ @, which lives for one unit of work: ` +
	`take a \*scope\.Factory, open a scope for each unit of work, and get it from there; ` +
	`scope\.Replace changes it, fx\.Replace and fx\.Decorate do not`

type errorlessOut struct {
	fx.Out
	A *a
}

func newCapturingA(*repo) *a { return nil }
func newOtherRepo() *repo    { return nil }

func TestMissingErrorSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := build(scope.Provide(newTx, func(in struct {
		fx.In
		R io.Reader `name:"body"`
	},
	) *a {
		return nil
	}))
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) {
		t.Fatalf("got %T", err)
	}
	found := map[string]reflect.Type{}
	for _, err := range all.Unwrap() {
		var missing *scope.MissingError
		if !errors.As(err, &missing) {
			t.Fatalf("got %T", err)
		}
		found[missing.Name] = missing.Type
		if missing.Reason != nil || missing.Unwrap() != nil || !strings.HasPrefix(missing.Constructor, "scope_test.") {
			t.Errorf("got %+v", missing)
		}
		missing.Reason = io.EOF
		wantText(t, missing, `scope: .* which nothing provides: EOF: add .*`)
		wantIs(t, missing, io.EOF)
	}
	if len(found) != 2 || found[""] != reflect.TypeFor[*db]() || found["body"] != reflect.TypeFor[io.Reader]() {
		t.Errorf("got %v", found)
	}
}

func TestCycleErrorHasTheChain(t *testing.T) {
	t.Parallel()
	_, err := build(fx.Provide(newDB), scope.Provide(newCircularTx, newRepo))
	wantCycle(t, err, "a b a")
}

func TestFxStructs(t *testing.T) {
	t.Parallel()
	type params struct {
		fx.In
		Main   *db
		Spare  *db    `name:"spare"`
		Absent *pool  `optional:"true"`
		Tx     *tx    `optional:"true"`
		Scoped *a     `name:"scoped"`
		List   []int  `group:"numbers"`
		Empty  []*db  `group:"none"`
		Soft   []int  `group:"numbers,soft"`
		Reader reader `optional:"true"`
	}
	type out struct {
		fx.Out
		A *a `name:"scoped"`
		B *b
	}
	type user struct {
		in    params
		first *b
		ctx   context.Context
	}
	numbers := fx.Annotate(func() (int, int) { return 1, 2 }, fx.ResultTags(`group:"numbers"`, `group:"numbers"`))
	s := open(t, fx.Provide(newDB, fx.Annotate(func() *db { return &db{"spare"} }, fx.ResultTags(`name:"spare"`)), numbers),
		scope.Provide(newTx, func(*tx) (out, error) { return out{A: &a{}, B: &b{}}, nil },
			func(first *b, p params, ctx context.Context, _ emptyIn) *user { return &user{p, first, ctx} }))
	u := get[*user](t, s)
	in := u.in
	if in.Main.name != "main" || in.Spare.name != "spare" || in.Absent != nil || in.Reader != nil || len(in.Empty) != 0 {
		t.Errorf("got %+v", in)
	}
	if len(in.List) != 2 || in.List[0]+in.List[1] != 3 {
		t.Errorf("got %v from the group", in.List)
	}
	if in.Tx != get[*tx](t, s) || u.first != get[*b](t, s) || u.ctx != s.Context() {
		t.Errorf("got %+v", u)
	}
	if named, err := scope.GetNamed[*a](s, "scoped"); err != nil || named != in.Scoped {
		t.Errorf("got %v, %v", named, err)
	}
	if spare, err := scope.GetNamed[*db](s, "spare"); err != nil || spare != in.Spare {
		t.Errorf("got %v, %v", spare, err)
	}
	_, err := scope.Get[*a](s) // DI-14: the name belongs to it
	wantText(t, err, `scope: \*scope_test\.a is unknown: .*`)
}

// A constructor of a singleton that fails is fx's error, not a missing type.
func TestASingletonThatFails(t *testing.T) {
	t.Parallel()
	_, err := build(fx.Provide(func() (*db, error) { return nil, errBroken }), scope.Provide(newTx))
	wantIs(t, err, errBroken)
	wantText(t, err, `.*failed to build \*scope_test\.db: .*broken`)
}

// A group that cannot be made is not an empty one.
func TestAGroupThatIsIncomplete(t *testing.T) {
	t.Parallel()
	_, err := build(fx.Provide(fx.Annotate(newPooledDB, fx.ResultTags(`group:"all"`))), scope.Provide(func(struct {
		fx.In
		All []*db `group:"all"`
	},
	) *tx {
		return nil
	}))
	if err == nil {
		t.Error("built")
	}
}

// D9: an optional logger may be missing, and a nil one is left alone.
func TestWithoutALogger(t *testing.T) {
	t.Parallel()
	type params struct {
		fx.In
		Log *zap.Logger `optional:"true"`
	}
	constructor := scope.Provide(func(p params) *tx {
		if p.Log != nil {
			t.Error("got a logger")
		}
		return &tx{}
	})
	get[*tx](t, open(t, constructor))
	get[*tx](t, open(t, constructor, fx.Provide(func() *zap.Logger { return nil })))
	_, err := build(scope.Provide(func(*zap.Logger) *tx { return nil }))
	wantText(t, err, `scope: \S+ @ needs \*zap\.Logger, which nothing provides: .*`)
}

func TestSingletonsAreMadeWhenTheApplicationIsBuilt(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, fx.Provide(func() *db { j.note("db"); return newDB() }), scope.Provide(newTx, newRepo, newHandler))
	j.want(t, "db")
	for range 3 {
		if err := f.Run(t.Context(), func(*handler) {}); err != nil {
			t.Error(err)
		}
	}
	j.want(t, "")
}

// Whoever takes the private singleton as optional has none, and who is in its
// module has it.
func TestPrivateSingletonsStayInTheirModule(t *testing.T) {
	t.Parallel()
	type params struct {
		fx.In
		DB *db `optional:"true"`
	}
	s := open(t, fx.Module("m", fx.Provide(newDB, fx.Private), scope.Provide(newTx), fx.Module("n", scope.Provide(newRepo))),
		scope.Provide(func(p params) *[1]*db { return &[1]*db{p.DB} }))
	if got := get[*[1]*db](t, s)[0]; got != nil {
		t.Errorf("got %v", got)
	}
	if r := get[*repo](t, s); r.db == nil || r.db != r.tx.db {
		t.Errorf("got %+v", r)
	}
}

// Also to whoever takes the Factory later.
func TestAMissingModuleIsNamed(t *testing.T) {
	t.Parallel()
	var f *scope.Factory
	const want = `scope: %s at \S+build_test\.go:\d+: the application has no scopes: add scope\.Module\(\) to the options of fx\.New, or use package host`
	for name, option := range map[string]fx.Option{
		"Provide": scope.Provide(newTx), "Transient": scope.Transient(newTx), "Bind": scope.Bind[any](newTx),
		"Func": scope.Func(func(*scope.Scope) (*tx, error) { return nil, nil }),
	} {
		takes := fx.Options(fx.Provide(func(*scope.Factory) *a { return nil }), fx.Invoke(func(*a) {}), fx.Populate(&f))
		wantText(t, fx.New(fx.NopLogger, fx.Provide(newDB), option, takes).Err(), fmt.Sprintf(want, name))
		wantText(t, fx.New(fx.NopLogger, fx.Provide(newDB), option).Err(), fmt.Sprintf(want, name))
		wantText(t, fx.New(fx.NopLogger, takes, fx.Module("m", fx.Provide(newDB), option)).Err(), fmt.Sprintf(want, name))
	}
}
