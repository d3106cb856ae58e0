package scope_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// The rules of .NET's container, by their numbers, and where we differ:
//
//   - DI-1 TestRule1Lifetimes
//   - DI-2 TestScopesAreFlat
//   - DI-3 TestRule3OneConstructorForEachType: we refuse a second registration
//     where the last one wins in .NET; what is unknown is an error; several of a
//     type are had by names, and of singletons by groups
//   - DI-4 a constructor is a function, so there is no choice to make; what may be
//     missing is marked optional (TestFxStructs)
//   - DI-5 TestRule5WhoMakesACloserClosesIt, TestCloseLeavesWhatWithGave; there is
//     no root to resolve a transient from
//   - DI-6 TestCloseGoesFromTheNewestToTheOldest
//   - DI-7 one Close calls both forms, Close() and Close(ctx): there are no
//     synchronous and asynchronous ones to mix up (TestTheFormsOfCleanup)
//   - DI-8 TestAClosedScopeAnswersErrClosed
//   - DI-9 as of .NET 11: TestCloseVisitsAllAndJoinsTheirErrors
//   - DI-10, DI-11 always on: TestMistakesAreErrorsOfBuild, TestRule10Depth,
//     TestRule11EverythingIsChecked
//   - DI-12 there is no root scope: TestRule12NothingIsHadWithoutAScope
//   - DI-13 TestMistakesAreErrorsOfBuild; those through functions, too:
//     TestACycleThroughFuncIsAnError and what follows it
//   - DI-14 TestRule14Names, TestGetNamed; there is no AnyKey
//   - DI-15 TestManyGoroutinesOnOneScope, TestRule15NoLockIsSharedBetweenScopes
//   - DI-16 TestRule16HostedServicesHaveNoScope, and package host's tests

// DI-1.
func TestRule1Lifetimes(t *testing.T) {
	t.Parallel()
	type (
		single struct{ n int }
		unit   struct{ n int }
		each   struct{ n int }
	)
	var counts [3]int
	next := func(i int) int { counts[i]++; return counts[i] }
	f := start(t, fx.Provide(func() *single { return &single{next(0)} }),
		scope.Provide(func() *unit { return &unit{next(1)} }),
		scope.Transient(func(*single, *unit) *each { return &each{next(2)} }))
	var got string
	for range 2 {
		if err := f.Run(t.Context(), func(s1, s2 *single, u1, u2 *unit, e1, e2 *each) {
			got += fmt.Sprintln(s1.n, s2.n, u1.n, u2.n, e1.n, e2.n)
		}); err != nil {
			t.Error(err)
		}
	}
	if want := "1 1 1 1 1 2\n1 1 2 2 3 4\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// DI-3: not the last wins; there must be one.
func TestRule3OneConstructorForEachType(t *testing.T) {
	t.Parallel()
	for _, option := range []fx.Option{
		scope.Provide(newOtherTx, func() *tx { return nil }),
		fx.Options(scope.Transient(newOtherTx), scope.Transient(newOtherTx)),
		fx.Options(scope.Bind[reader](func() reader { return nil }), fx.Provide(func() reader { return nil })),
	} {
		_, err := build(option)
		wantText(t, err, `.*already provided by .*`)
	}
}

// DI-5.
func TestRule5WhoMakesACloserClosesIt(t *testing.T) {
	t.Parallel()
	var j journal
	f := start(t, fx.Provide(func() *a { return &a{noting{&j, "singleton"}} }), scope.Singleton[*a](),
		scope.Provide(func(*a) *b { return &b{noting{&j, "scoped"}} }),
		scope.Transient(func(*a) *c { return &c{noting{&j, "transient"}} }))
	if err := f.Run(t.Context(), func(*a, *b, *c) {}); err != nil {
		t.Error(err)
	}
	j.want(t, "transient, scoped")
}

// DI-10: at any depth through singletons. A factory in a singleton is fine:
// TestASingletonMayHoldTheFactory. Functions are opaque only towards scoped
// values, since no singleton is given a *Scope.
func TestRule10Depth(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []func(...any) fx.Option{scope.Provide, scope.Transient} {
		_, err := build(lifetime(newOtherTx), fx.Provide(newDB, newRepo, newCapturing, func(*handler) *a { return nil }),
			fx.Invoke(func(*a) {}))
		wantText(t, err, `could not .* failed to build \*scope_test\.a: .* failed to build \*scope_test\.handler: .*newCapturing @: `+
			`failed to build \*scope_test\.repo: .*newRepo @: failed to build \*scope_test\.tx: .*: scope: a singleton cannot take \*scope_test\.tx of scope_test\.newOtherTx @, .*`)
	}
}

// DI-11: all mistakes of the graph in one error, also of what nobody asks for.
func TestRule11EverythingIsChecked(t *testing.T) {
	t.Parallel()
	_, err := build(scope.Provide(newTx), scope.Transient(func(string) *a { return nil }),
		scope.Bind[reader](func(*pool) reader { return nil }))
	wantText(t, err, `(scope: \S+ @ needs [^\n]*\n){2}scope: \S+ @ needs [^\n]*`)
}

// DI-12.
func TestRule12NothingIsHadWithoutAScope(t *testing.T) {
	t.Parallel()
	var x *tx
	_, err := build(standard(), fx.Populate(&x))
	wantText(t, err, `.*failed to build \*scope_test\.tx: .*: scope: a singleton cannot take \*scope_test\.tx of .*`)
}

// DI-14: what has a name is had by that only, and what has none without.
func TestRule14Names(t *testing.T) {
	t.Parallel()
	type out struct {
		fx.Out
		Tx *tx `name:"n"`
	}
	type in struct {
		fx.In
		Tx *tx `name:"n"`
	}
	named := func() out { return out{Tx: &tx{}} }
	s := open(t, scope.Provide(newOtherTx, named, func(i in) *[1]*tx { return &[1]*tx{i.Tx} }))
	n, err := scope.GetNamed[*tx](s, "n")
	if err != nil || n == nil || get[*tx](t, s) != nil || get[*[1]*tx](t, s)[0] != n {
		t.Errorf("got %v, %v", n, err)
	}
	_, err = build(scope.Provide(named, newHandler, newOtherRepo))
	wantText(t, err, `scope: scope_test\.newHandler @ needs \*scope_test\.tx, which nothing provides: .*`)
	_, err = build(scope.Provide(newOtherTx, func(in) *a { return nil }))
	wantText(t, err, `scope: \S+ @ needs \*scope_test\.tx named "n", which nothing provides: .*`)
	_, err = build(scope.Provide(named, named))
	wantText(t, err, `.*already provided by .*`)
}

// DI-15: a constructor that waits keeps no other scope waiting.
func TestRule15NoLockIsSharedBetweenScopes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			number atomic.Int32
			all    sync.WaitGroup
		)
		met := make(chan struct{})
		f := start(t, scope.Provide(func() *tx {
			if number.Add(1) == 3 {
				close(met)
			}
			<-met
			return &tx{}
		}))
		for range 3 {
			all.Go(func() {
				if err := f.Run(t.Context(), func(*tx) {}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// DI-16: a hosted service is a singleton, so it takes the Factory.
func TestRule16HostedServicesHaveNoScope(t *testing.T) {
	t.Parallel()
	type service struct{ f *scope.Factory }
	var s *service
	f := start(t, standard(), fx.Provide(func(f *scope.Factory) *service { return &service{f} }), fx.Populate(&s))
	if s.f != f {
		t.Error("got another factory")
	}
	_, err := build(standard(), fx.Provide(func(*scope.Scope, *tx) *service { return nil }), fx.Invoke(func(*service) {}))
	wantText(t, err, `.*: scope: a singleton cannot take a \*scope\.Scope: .*`)
}
