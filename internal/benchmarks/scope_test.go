// Package benchmarks measures scopes beside plain Go and peers, in one run.
package benchmarks

import (
	"context"
	"testing"

	"github.com/samber/do/v2"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

type (
	DB      struct{ name string }
	Tx      struct{ db *DB }
	Repo    struct {
		db *DB
		tx *Tx
	}
	Handler struct {
		repo *Repo
		tx   *Tx
	}
)

func NewDB() *DB                                { return &DB{"db"} }
func NewTx(db *DB) *Tx                          { return &Tx{db} }
func NewRepo(db *DB, tx *Tx) *Repo              { return &Repo{db, tx} }
func NewHandler(repo *Repo, tx *Tx) *Handler    { return &Handler{repo, tx} }

var sink *Handler

func factory(tb testing.TB, options ...fx.Option) *scope.Factory {
	tb.Helper()
	var f *scope.Factory
	app := fx.New(fx.NopLogger, scope.Module(), fx.Provide(NewDB), fx.Options(options...), fx.Populate(&f))
	if err := app.Err(); err != nil {
		tb.Fatal(err)
	}
	return f
}

func plain(tb testing.TB) *scope.Factory {
	return factory(tb, scope.Provide(NewTx, NewRepo, NewHandler))
}

func typed(tb testing.TB) *scope.Factory {
	return factory(tb,
		scope.Singleton[*DB](),
		scope.Func(func(s *scope.Scope) (*Tx, error) {
			db, err := scope.Get[*DB](s)
			if err != nil {
				return nil, err
			}
			return NewTx(db), nil
		}),
		scope.Func(func(s *scope.Scope) (*Repo, error) {
			db, err := scope.Get[*DB](s)
			if err != nil {
				return nil, err
			}
			tx, err := scope.Get[*Tx](s)
			if err != nil {
				return nil, err
			}
			return NewRepo(db, tx), nil
		}),
		scope.Func(func(s *scope.Scope) (*Handler, error) {
			repo, err := scope.Get[*Repo](s)
			if err != nil {
				return nil, err
			}
			tx, err := scope.Get[*Tx](s)
			if err != nil {
				return nil, err
			}
			return NewHandler(repo, tx), nil
		}))
}

func work(ctx context.Context, f *scope.Factory) (*Handler, error) {
	s := f.New(ctx)
	h, err := scope.Get[*Handler](s)
	if err != nil {
		return nil, err
	}
	return h, s.Close(ctx)
}

func BenchmarkGraph(b *testing.B) {
	ctx := context.Background()
	b.Run("hand", func(b *testing.B) {
		db := NewDB()
		b.ReportAllocs()
		for b.Loop() {
			tx := NewTx(db)
			sink = NewHandler(NewRepo(db, tx), tx)
		}
	})
	for name, f := range map[string]*scope.Factory{"plain": plain(b), "func": typed(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h, err := work(ctx, f)
				if err != nil {
					b.Fatal(err)
				}
				sink = h
			}
		})
	}
	b.Run("empty", func(b *testing.B) {
		f := plain(b)
		b.ReportAllocs()
		for b.Loop() {
			if err := f.New(ctx).Close(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		s := plain(b).New(ctx)
		b.ReportAllocs()
		for b.Loop() {
			sink, _ = scope.Get[*Handler](s)
		}
	})
	_ = dig.New
	_ = do.New
}
