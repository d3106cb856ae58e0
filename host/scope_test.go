package host_test

import (
	"context"
	"regexp"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

type (
	transaction struct{ db *database }
	repository  struct{ tx *transaction }
	cache       struct{}
	pool        struct{}
)

func newDatabase() *database                            { return &database{} }
func newPooledDatabase(*pool) *database                 { return &database{} }
func newTransaction(db *database) *transaction          { return &transaction{db} }
func newRepository(tx *transaction) *repository         { return &repository{tx} }
func newCapturing(*transaction) *cache                  { return &cache{} }
func newCapturingWorker(*repository) *worker            { return &worker{} }
func newScopeTaking(*scope.Scope) *cache                { return &cache{} }
func newCircular(*repository) (*transaction, error)     { return nil, nil }
func newFactoryTaking(*scope.Factory, *database) *cache { return &cache{} }
func newCached(*cache) *repository                      { return &repository{} }

func TestScopesInAHost(t *testing.T) {
	t.Parallel()
	var factory *scope.Factory
	hosttest.Start(t, nil, fx.Provide(newDatabase, newFactoryTaking),
		scope.Provide(newTransaction, newCached), fx.Populate(&factory))
	var db *database
	if err := factory.Run(t.Context(), func(_ context.Context, tx *transaction, _ *repository) { db = tx.db }); err != nil || db == nil {
		t.Errorf("got %v, %v", db, err)
	}
}

// DI-10, DI-11, DI-13, D5: each names both ends and says what to write instead.
func TestBuildSaysWhatIsWrongWithScopes(t *testing.T) {
	t.Parallel()
	const place = `\(\S+/scope_test\.go:\d+\)`
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a singleton takes a scoped value": {
			fx.Options(fx.Provide(newDatabase, newCapturing), scope.Provide(newTransaction), fx.Invoke(func(*cache) {})),
			`host_test\.newCapturing ` + place + ` makes a singleton and cannot take the scoped \*host_test\.transaction, ` +
				`which newTransaction ` + place + ` makes anew for each unit of work: take a \*scope\.Factory, .*`,
		},
		"a hosted service takes a scoped value": {
			fx.Options(fx.Provide(newDatabase), scope.Provide(newTransaction, newRepository),
				hosted.AddHostedService[*worker](newCapturingWorker)),
			`host_test\.newCapturingWorker ` + place + ` makes a singleton and cannot take the scoped \*host_test\.repository, ` +
				`which newRepository ` + place + ` makes anew .*`,
		},
		"a singleton takes the scope": {
			fx.Options(fx.Provide(newScopeTaking), fx.Invoke(func(*cache) {})),
			`host_test\.newScopeTaking ` + place + ` makes a singleton and cannot take a \*scope\.Scope: take a \*scope\.Factory .*`,
		},
		"missing": {
			scope.Provide(newTransaction),
			`scope: host_test\.newTransaction ` + place + ` needs \*host_test\.database, which nothing provides: ` +
				`add a constructor of it with scope\.Provide or fx\.Provide, or scope\.Value\[\*host_test\.database\]\(\) if .*`,
		},
		"missing, with fx's reason": {
			fx.Options(scope.Provide(newTransaction), fx.Provide(newPooledDatabase)),
			`scope: host_test\.newTransaction ` + place + ` needs \*host_test\.database, which nothing provides: ` +
				`failed to build \*host_test\.database: missing dependencies for function \S+newPooledDatabase ` + place + `: ` +
				`missing type: \*host_test\.pool: add .*`,
		},
		"cycle": {
			scope.Provide(newCircular, newRepository),
			`scope: cycle: host_test\.newCircular ` + place + ` needs host_test\.newRepository ` + place + ` needs host_test\.newCircular .*`,
		},
		"two constructors": {
			scope.Provide(newTransaction, newCircular),
			`\*host_test\.transaction is provided twice, by \S+ and by \S+: remove one .*`,
		},
		"scoped and singleton": {
			fx.Options(fx.Provide(newDatabase, newTransaction), scope.Provide(newTransaction)),
			`\*host_test\.transaction is provided twice, by \S+ and by \S+: remove one .*`,
		},
		"wrong shape": {
			scope.Transient(func() {}),
			`scope: Transient at \S+scope_test\.go:\d+: constructor func\(\) makes nothing: .*`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builder, _ := hosttest.NewBuilder(t, nil, test.option)
			_, err := builder.Build()
			if err == nil || !regexp.MustCompile(`^host: build: `+test.want+`$`).MatchString(err.Error()) {
				t.Errorf("got  %v\nwant host: build: %s", err, test.want)
			}
		})
	}
}
