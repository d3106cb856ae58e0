package config_test

import (
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

func TestEnvironmentMapsNamesToKeys(t *testing.T) { // CG-2
	t.Parallel()
	environ := []string{
		"FXHOST_Worker__Interval=5s", "fxhost_worker__name=a=b", "FXHOST_EMPTY=", "FXHOST_=none", "OTHER=1",
		"=C:=C:\\", "NOVALUE", "FXHOST_TWICE=1", "fxhost_twice=2",
	}
	m := load(t, config.Environment("FxHost_", environ))
	wantGet(t, m, "Worker:Interval", "5s")
	wantGet(t, m, "Worker:Name", "a=b")
	wantGet(t, m, "Empty", "")
	wantGet(t, m, "Twice", "2")
	if got := m.Children(""); len(got) != 3 {
		t.Errorf("keys %q, want 3", got)
	}
	wantGet(t, load(t, config.Environment("", environ)), "OTHER", "1")
}

func TestConnectionStringsOfHostingServices(t *testing.T) { // CG-3
	t.Parallel()
	m := load(t, config.Environment("", []string{
		"SQLCONNSTR_a=1", "SqlAzureConnStr_b=2", "MYSQLCONNSTR_c=3", "POSTGRESQLCONNSTR_d__e=4", "CUSTOMCONNSTR_f=5",
		"REDISCACHECONNSTR_g=6", "SQLCONNSTR_=none", "XSQLCONNSTR_h=7",
	}))
	for key, want := range map[string]string{
		"a": "1", "a_ProviderName": "System.Data.SqlClient", "b": "2", "b_ProviderName": "System.Data.SqlClient",
		"c": "3", "c_ProviderName": "MySql.Data.MySqlClient", "d:e": "4", "d:e_ProviderName": "Npgsql", "f": "5", "g": "6",
	} {
		wantGet(t, m, "ConnectionStrings:"+key, want)
	}
	if got := m.Children("ConnectionStrings"); len(got) != 9 {
		t.Errorf("children %q", got)
	}
	m = load(t, config.Environment("ConnectionStrings__", []string{"CUSTOMCONNSTR_f=5", "A=1"}))
	if wantGet(t, m, "f", "5"); len(m.Children("")) != 1 {
		t.Errorf("children %q", m.Children(""))
	}
}

// A deep name is nobody's setting, and no reason not to start.
func TestADeepVariableIsPassedOver(t *testing.T) {
	t.Parallel()
	m := load(t, config.Environment("", []string{strings.Repeat("a__", 500) + "=1", "B=2"}))
	wantGet(t, m, "B", "2")
}

func TestThePrefixIsNormalisedToo(t *testing.T) { // CG-2
	t.Parallel()
	for _, prefix := range []string{"My__App__", "my:app:"} {
		m := load(t, config.Environment(prefix, []string{"MY__APP__PORT=80"}))
		wantGet(t, m, "Port", "80")
	}
}

func TestWithoutAListTheProcessIsRead(t *testing.T) {
	t.Setenv("FXHOST_TEST_KEY", "1")
	m := load(t, config.Environment("FXHOST_TEST_", nil))
	wantGet(t, m, "KEY", "1")

	t.Setenv("FXHOST_TEST_KEY", "2")
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
	wantGet(t, m, "KEY", "2")
}

// Whatever the environment holds, it loads, and a variable can be read by its key.
func FuzzEnvironment(f *testing.F) {
	f.Add("FXHOST_", "FXHOST_A__B=1", "fxhost_a__b=2")
	f.Add("", "__CF_USER_TEXT_ENCODING=0x1F5", "=C:=C:\\")
	f.Add("P__", "p____=:", "P:=::")
	f.Add("", "A=1", "A__B=2")
	f.Fuzz(func(t *testing.T, prefix, first, second string) {
		m, err := config.New(config.Environment(prefix, []string{first, second}))
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(second, "=")
		key := strings.ReplaceAll(name, "__", ":")
		if prefix != "" || key == "" || strings.Count(key, ":") >= 100 || strings.Contains(strings.ToUpper(name), "CONNSTR_") {
			return
		}
		if got, ok := m.Get(key); !ok || got != value {
			t.Errorf("Get(%q) is %q, %v; want %q", key, got, ok, value)
		}
	})
}
