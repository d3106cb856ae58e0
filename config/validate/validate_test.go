package validate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/config/validate"
)

type settings struct {
	Common
	Interval time.Duration `validate:"min=1s"`
	URL      string        `config:"address" validate:"required,url"`
	Proxy    *proxy
	Servers  []proxy           `validate:"max=2,dive"`
	Labels   map[string]string `validate:"dive,min=2"`
	Password string            `validate:"min=8"`
	Parity   int               `validate:"omitempty,even"`
	private  string            //nolint:unused // is left alone
}

type Common struct {
	Name string `validate:"required"`
}

type proxy struct {
	Host string `validate:"hostname"`
}

const broken = `{"Worker": {
  "Interval": "10ms",
  "address": "no url",
  "Proxy": {"Host": "a b"},
  "Servers": [{"Host": "h"},
    {"Host": "?"}],
  "Labels": {"Team.A": "x"},
  "Password": "hunter2",
  "Parity": 3
}}`

func load(t *testing.T, content string) *config.Manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := config.New(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func even(t *testing.T) *validator.Validate {
	t.Helper()
	v := validator.New(validator.WithRequiredStructEnabled())
	if err := v.RegisterValidation("even", func(f validator.FieldLevel) bool { return f.Field().Int()%2 == 0 }); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEachBrokenRuleIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	_, err := config.NewMonitor(load(t, broken), "Worker", validate.By[settings](even(t)))
	want := []string{
		`config: Worker:Name: breaks the rule "required"`,
		`config: Worker:Interval: "10ms": breaks the rule "min=1s" (a.json:2)`,
		`config: Worker:address: "no url": breaks the rule "url" (a.json:3)`,
		`config: Worker:Proxy:Host: "a b": breaks the rule "hostname" (a.json:4)`,
		`config: Worker:Servers:1:Host: "?": breaks the rule "hostname" (a.json:6)`,
		`config: Worker:Labels:Team.A: "x": breaks the rule "min=2" (a.json:7)`,
		`config: Worker:Password: ***: breaks the rule "min=8" (a.json:8)`,
		`config: Worker:Parity: 3: breaks the rule "even" (a.json:9)`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestTheApplicationDoesNotStart(t *testing.T) { // OP-8
	t.Parallel()
	type small struct {
		Interval time.Duration `validate:"min=1s"`
	}
	m := load(t, `{"Worker": {"Interval": "10ms"}}`)
	err := fx.New(fx.NopLogger, fx.Supply(m), config.Configure("Worker", validate.Tags[small]())).Err()
	if err == nil || !strings.Contains(err.Error(), `config: Worker:Interval: "10ms": breaks the rule "min=1s" (a.json:1)`) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoStructOrNoRuleIsAnError(t *testing.T) {
	t.Parallel()
	m := load(t, `{"N": 1, "S": {"A": 1}}`)
	if _, err := config.NewMonitor(m, "N", validate.Tags[int]()); err == nil {
		t.Error("no error for an int")
	}
	type mistyped struct {
		A int `validate:"minn=1"`
	}
	_, err := config.NewMonitor(m, "S", validate.Tags[mistyped]())
	if err == nil || !strings.Contains(err.Error(), "config: S: panic: Undefined validation function 'minn' on field 'A'") {
		t.Errorf("got %v", err)
	}
}
