package host_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

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
			`could not .*newCapturing ` + place + `: a singleton cannot take \*host_test\.transaction of ` +
				`host_test\.newTransaction ` + place + `, which lives for one unit of work: take a \*scope\.Factory, .* \(registered at \S+\)`,
		},
		"a hosted service takes a scoped value": {
			fx.Options(fx.Provide(newDatabase), scope.Provide(newTransaction, newRepository),
				hosted.AddHostedService[*worker](newCapturingWorker)),
			`failed to build \*host_test\.worker: could not .*newCapturingWorker ` + place + `: a singleton cannot take ` +
				`\*host_test\.repository of host_test\.newRepository ` + place + `, .* \(registered at \S+\)`,
		},
		"a hosted service that takes a logger takes a scoped value": {
			fx.Options(fx.Provide(newDatabase), scope.Provide(newTransaction),
				hosted.AddHostedService[*worker](func(*zap.Logger, *transaction) *worker { return nil })),
			`failed to build \*host_test\.worker: a singleton cannot take \*host_test\.transaction of ` +
				`host_test\.newTransaction ` + place + `, .* \(registered at \S+\)`,
		},
		"a singleton takes the scope": {
			fx.Options(fx.Provide(newScopeTaking), fx.Invoke(func(*cache) {})),
			`could not .*newScopeTaking ` + place + `: a singleton cannot take a \*scope\.Scope: take a \*scope\.Factory .* ` +
				`\(registered at \S+\)`,
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
		t.Run("Validate, "+name, func(t *testing.T) {
			t.Parallel()
			// fx does not tell then which option has failed.
			want := strings.NewReplacer(` \(registered at \S+\)`, ``, `worker: a`, `worker \(provided at \S+\): a`, `and by \S+`, `and by .*`).Replace(test.want)
			builder, _ := hosttest.NewBuilder(t, nil, test.option)
			if err := builder.Validate(); err == nil || !regexp.MustCompile(`^host: build: `+want+`$`).MatchString(err.Error()) {
				t.Errorf("got  %v\nwant host: build: %s", err, want)
			}
		})
	}
}
