package scope_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap/zaptest"

	"github.com/fxhost/fxhost/hosted/scope"
)

type DB struct{}
type Tx struct {
	db     *DB
	closed int
}
type Repo struct{ tx *Tx }
type Handler struct {
	r  *Repo
	tx *Tx
}

func NewDB(f *scope.Factory) *DB                   { return &DB{} }
func NewTx(db *DB) *Tx                             { return &Tx{db: db} }
func (t *Tx) Close() error                         { t.closed++; return errors.New("x") }
func NewRepo(db *DB, tx *Tx) (*Repo, error)        { return &Repo{tx}, nil }
func NewHandler(r *Repo, tx *Tx) (*Handler, error) { return &Handler{r, tx}, nil }

type S struct{}

func NewS(tx *Tx) *S { return &S{} }

func TestSmoke(t *testing.T) {
	var f *scope.Factory
	app := fx.New(fx.NopLogger, scope.Module(), scope.Provide(NewTx, NewRepo, NewHandler), fx.Provide(NewDB), fx.Populate(&f), fx.Supply(zaptest.NewLogger(t)))
	if app.Err() != nil {
		t.Fatal(app.Err())
	}
	s := f.New(context.Background())
	h, err := scope.Get[*Handler](s)
	if err != nil {
		t.Fatal(err)
	}
	if h.tx != h.r.tx {
		t.Fatal("x")
	}
	t.Log(s.Close(t.Context()), h.tx.closed)
	_, err = scope.Get[*Handler](s)
	t.Log(err)
	t.Log(f.Run(t.Context(), func(h *Handler) error { return nil }))
	for _, o := range []fx.Option{
		fx.Options(scope.Provide(NewTx), fx.Provide(NewDB, NewS), fx.Invoke(func(*S) {})),
		fx.Options(scope.Provide(NewTx, NewTx), fx.Provide(NewDB)),
		fx.Options(scope.Provide(NewTx), fx.Provide(NewDB, NewTx)),
		fx.Options(scope.Provide(NewTx)),
		scope.Provide(3), scope.Provide(func() {}), scope.Provide(func() error { return nil }),
		scope.Provide(func(b *Repo) *Tx { return nil }, func(tx *Tx) *Repo { return nil }),
		fx.Options(scope.Value[*S](), scope.Provide(func(*S) *Repo { return nil })),
	} {
		t.Log(fx.New(fx.NopLogger, scope.Module(), o).Err())
	}
}
