package category_test

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/internal/category"
)

// nameCore notes the category it was made for.
type nameCore struct {
	zapcore.Core
	category string
}

func (c nameCore) ForCategory(name string) zapcore.Core {
	return nameCore{Core: c.Core, category: name}
}

func TestNamedAsksTheCoreForTheFullName(t *testing.T) {
	t.Parallel()
	core, _ := observer.New(zapcore.DebugLevel)

	log := category.Named(category.Named(zap.New(nameCore{Core: core}), "orders"), "import")

	got, ok := log.Core().(nameCore)
	if !ok || got.category != "orders.import" || log.Name() != "orders.import" {
		t.Errorf("core %#v, name %q; want category and name orders.import", log.Core(), log.Name())
	}
}

func TestNamedOnlyNamesOtherLoggers(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)

	category.Named(zap.New(core), "orders").Info("hello")
	category.Named(zap.NewNop(), "orders").Info("hello")

	if got := logs.All(); len(got) != 1 || got[0].LoggerName != "orders" {
		t.Errorf("entries %v, want one of logger orders", got)
	}
}

func TestNamedWithoutANameKeepsTheLogger(t *testing.T) {
	t.Parallel()
	core, _ := observer.New(zapcore.DebugLevel)

	log := category.Named(zap.New(nameCore{Core: core, category: "orders"}).Named("orders"), "")

	if got := log.Core().(nameCore).category; got != "orders" {
		t.Errorf("category %q, want orders", got)
	}
}
