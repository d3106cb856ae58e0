package main

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// WrongWorker is a mistake: it lives as long as the host, but its Handler belongs to
// one order.
type WrongWorker struct {
	background.BackgroundService
	handler *Handler
}

func NewWrongWorker(handler *Handler) *WrongWorker { return &WrongWorker{handler: handler} }

func wrong(file string) fx.Option {
	return fx.Options(
		orders(file),
		fx.Provide(NewWarehouse),
		hosted.AddHostedService[*WrongWorker](NewWrongWorker),
	)
}

// The page has the error as a program gives it, with the folder left out of the
// places. In a test, functions of package main go by its folder.
func TestThePageShowsTheErrorOfTheWrongWay(t *testing.T) {
	t.Parallel()
	unopened := fx.Replace(&sql.DB{}) // nobody would close it
	builder, _ := hosttest.NewBuilder(t, nil, wrong("unused.db"), unopened)
	_, err := builder.Build()
	if err == nil {
		t.Fatal("built")
	}
	folder, _ := os.Getwd()
	want := strings.NewReplacer(folder+"/", "", " scopes.New", " main.New").Replace(err.Error())
	page, err := os.ReadFile("../../docs/how-to/use-a-scoped-service.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```text\n"+want+"\n```") {
		t.Errorf("the page lacks\n%s", want)
	}
}

// So does an application that fx runs, in the words that the page quotes.
func TestFxRefusesTheWrongWayToo(t *testing.T) {
	t.Parallel()
	err := fx.ValidateApp(fx.NopLogger, wrong("unused.db"), scope.Module(), hosted.Module(),
		fx.Provide(zap.NewNop), fx.Supply(&config.Manager{}))
	if err == nil || !strings.Contains(err.Error(), "missing type: scope.unitOfWork") {
		t.Errorf("error %v", err)
	}
}
