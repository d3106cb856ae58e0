package ctor_test

import (
	"log/slog"
	"reflect"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/ctor"
)

// namedHandler is a handler that knows its category.
type namedHandler struct {
	slog.Handler
	name string
}

func (h namedHandler) ForCategory(name string) slog.Handler {
	return namedHandler{Handler: h.Handler, name: category.Join(h.name, name)}
}

type slogParams struct {
	fx.In

	Log      *slog.Logger
	Optional *slog.Logger `name:"none" optional:"true"`
}

type slogProduct struct{ logs []*slog.Logger }

func TestEverySlogLoggerIsNamed(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"plain":       func(log *slog.Logger) *slogProduct { return &slogProduct{[]*slog.Logger{log}} },
		"fx.Annotate": fx.Annotate(func(log *slog.Logger) *slogProduct { return &slogProduct{[]*slog.Logger{log}} }),
		"fx.In":       func(p slogParams) *slogProduct { return &slogProduct{[]*slog.Logger{p.Log, p.Optional}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, err := ctor.Named(constructor, reflect.TypeFor[*slogProduct](), "maker")
			if err != nil {
				t.Fatal(err)
			}
			var p *slogProduct
			err = fx.New(fx.NopLogger, made, fx.Populate(&p),
				fx.Supply(slog.New(namedHandler{slog.DiscardHandler, "app"}))).Err()
			if err != nil {
				t.Fatal(err)
			}
			if h, ok := p.logs[0].Handler().(namedHandler); !ok || h.name != "app.maker" {
				t.Errorf("handler %#v, want category app.maker", p.logs[0].Handler())
			}
			if len(p.logs) > 1 && p.logs[1] != nil {
				t.Error("a logger that is not there was made")
			}
		})
	}
}

func TestASlogLoggerOfAnotherHandlerIsLeftAlone(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	made, err := ctor.Named(func(log *slog.Logger) *slogProduct { return &slogProduct{[]*slog.Logger{log}} },
		reflect.TypeFor[*slogProduct](), "maker")
	if err != nil {
		t.Fatal(err)
	}
	var p *slogProduct
	if err := fx.New(fx.NopLogger, made, fx.Populate(&p), fx.Supply(log)).Err(); err != nil || p.logs[0] != log {
		t.Errorf("product %v, error %v", p, err)
	}
}
