package benchmarks

import (
	"context"
	"testing"

	"github.com/samber/do/v2"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// The small graph: a unit of work as most are.
type (
	db   struct{ name string }
	tx   struct{ db *db }
	repo struct {
		db *db
		tx *tx
	}
	handler struct {
		repo *repo
		tx   *tx
	}
)

func newDB() *db                             { return &db{"db"} }
func newTx(db *db) *tx                       { return &tx{db} }
func newRepo(db *db, tx *tx) *repo           { return &repo{db, tx} }
func newHandler(repo *repo, tx *tx) *handler { return &handler{repo, tx} }

// The deep graph: ten scoped values, each of which takes the one before it.
type link[T any] struct{ below *T }

type (
	l1  = link[db]
	l2  = link[l1]
	l3  = link[l2]
	l4  = link[l3]
	l5  = link[l4]
	l6  = link[l5]
	l7  = link[l6]
	l8  = link[l7]
	l9  = link[l8]
	l10 = link[l9]
)

func newLink[T any](below *T) *link[T] { return &link[T]{below} }

func linkFunc[T any](s *scope.Scope) (*link[T], error) {
	below, err := scope.Get[*T](s)
	if err != nil {
		return nil, err
	}
	return newLink(below), nil
}

// unit is one unit of work: open a scope, get the top of the graph, close it.
type unit func(tb testing.TB)

// Sinks keep the compiler from leaving work out.
var (
	handlerSink *handler
	deepSink    *l10
)

func smallByHand(testing.TB) unit {
	db := newDB()
	return func(testing.TB) {
		tx := newTx(db)
		handlerSink = newHandler(newRepo(db, tx), tx)
	}
}

func deepByHand(testing.TB) unit {
	db := newDB()
	return func(testing.TB) {
		deepSink = newLink(newLink(newLink(newLink(newLink(newLink(newLink(newLink(newLink(newLink(db))))))))))
	}
}

// factory builds an application with what options make.
func factory(tb testing.TB, options ...fx.Option) *scope.Factory {
	tb.Helper()
	var f *scope.Factory
	app := fx.New(fx.NopLogger, scope.Module(), fx.Provide(newDB), fx.Options(options...), fx.Populate(&f))
	if err := app.Err(); err != nil {
		tb.Fatal(err)
	}
	return f
}

func plainOptions() fx.Option { return scope.Provide(newTx, newRepo, newHandler) }

func funcOptions() fx.Option {
	return fx.Options(
		scope.Singleton[*db](),
		scope.Func(func(s *scope.Scope) (*tx, error) {
			db, err := scope.Get[*db](s)
			if err != nil {
				return nil, err
			}
			return newTx(db), nil
		}),
		scope.Func(func(s *scope.Scope) (*repo, error) {
			db, err := scope.Get[*db](s)
			if err != nil {
				return nil, err
			}
			tx, err := scope.Get[*tx](s)
			if err != nil {
				return nil, err
			}
			return newRepo(db, tx), nil
		}),
		scope.Func(func(s *scope.Scope) (*handler, error) {
			repo, err := scope.Get[*repo](s)
			if err != nil {
				return nil, err
			}
			tx, err := scope.Get[*tx](s)
			if err != nil {
				return nil, err
			}
			return newHandler(repo, tx), nil
		}),
	)
}

func deepPlainOptions() fx.Option {
	return scope.Provide(newLink[db], newLink[l1], newLink[l2], newLink[l3], newLink[l4],
		newLink[l5], newLink[l6], newLink[l7], newLink[l8], newLink[l9])
}

func deepFuncOptions() fx.Option {
	return fx.Options(scope.Singleton[*db](),
		scope.Func(linkFunc[db]), scope.Func(linkFunc[l1]), scope.Func(linkFunc[l2]), scope.Func(linkFunc[l3]),
		scope.Func(linkFunc[l4]), scope.Func(linkFunc[l5]), scope.Func(linkFunc[l6]), scope.Func(linkFunc[l7]),
		scope.Func(linkFunc[l8]), scope.Func(linkFunc[l9]))
}

// ours is a unit of work that gets a T.
func ours[T any](options func() fx.Option, sink *T) func(testing.TB) unit {
	return func(tb testing.TB) unit {
		f := factory(tb, options())
		ctx := context.Background()
		return func(tb testing.TB) {
			s := f.New(ctx)
			var err error
			if *sink, err = scope.Get[T](s); err != nil {
				tb.Fatal(err)
			}
			if err := s.Close(ctx); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// runs is a unit of work that Factory.Run opens and closes.
func runs(options func() fx.Option, fn any) func(testing.TB) unit {
	return func(tb testing.TB) unit {
		f := factory(tb, options())
		ctx := context.Background()
		return func(tb testing.TB) {
			if err := f.Run(ctx, fn); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func digScope[T any](sink *T, constructors ...any) func(testing.TB) unit {
	return func(tb testing.TB) unit {
		c := dig.New()
		if err := c.Provide(newDB); err != nil {
			tb.Fatal(err)
		}
		return func(tb testing.TB) {
			s := c.Scope("unit")
			for _, constructor := range constructors {
				if err := s.Provide(constructor); err != nil {
					tb.Fatal(err)
				}
			}
			if err := s.Invoke(func(top T) { *sink = top }); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func doScope[T any](sink *T, provide func(do.Injector)) func(testing.TB) unit {
	return func(tb testing.TB) unit {
		root := do.New()
		do.Provide(root, func(do.Injector) (*db, error) { return newDB(), nil })
		n := 0
		return func(tb testing.TB) {
			n++
			s := root.Scope(scopeName(n))
			provide(s)
			var err error
			if *sink, err = do.Invoke[T](s); err != nil {
				tb.Fatal(err)
			}
			if report := s.Shutdown(); !report.Succeed {
				tb.Fatal(report)
			}
		}
	}
}

func smallDo(s do.Injector) {
	do.Provide(s, func(i do.Injector) (*tx, error) { return newTx(do.MustInvoke[*db](i)), nil })
	do.Provide(s, func(i do.Injector) (*repo, error) {
		return newRepo(do.MustInvoke[*db](i), do.MustInvoke[*tx](i)), nil
	})
	do.Provide(s, func(i do.Injector) (*handler, error) {
		return newHandler(do.MustInvoke[*repo](i), do.MustInvoke[*tx](i)), nil
	})
}
