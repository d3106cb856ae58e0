package config_test

import (
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

func TestCommandLineForms(t *testing.T) { // CG-5, CG-8
	t.Parallel()
	m := load(t, config.CommandLine([]string{
		"--key", "value", "--a:b=c", "--equals=x=y", "--empty=", "--negative", "-5",
		"--flag", "--twice", "1", "--TWICE", "2", "--last",
	}))
	for key, want := range map[string]string{
		"key": "value", "A:B": "c", "equals": "x=y", "empty": "", "negative": "-5",
		"flag": "true", "twice": "2", "last": "true",
	} {
		wantGet(t, m, key, want)
	}
}

func TestOtherArgumentsAreErrors(t *testing.T) { // CG-6: .NET ignores them
	t.Parallel()
	for arg, shown := range map[string]string{
		"-v": "-v", "word": "word", "--": "--", "--=x": "--=...", "": "", "/key": "/key", "-password=hunter2": "-password=...",
	} {
		_, err := config.New(config.CommandLine([]string{"--ok=1", arg}))
		wantError(t, err, `config: command line: "`+shown+`" is not a setting; write --key=value, --key value or --key`)
	}
}

// Arguments load or are refused by name; --key=value always loads.
func FuzzCommandLine(f *testing.F) {
	f.Add("--a", "b", "--c=d")
	f.Add("--a:b=c", "--", "x")
	f.Add("-v", "--flag", "--=")
	f.Add("--::", "--:=", "--a:b:c")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if _, err := config.New(config.CommandLine([]string{a, b, c})); err != nil && !strings.HasPrefix(err.Error(), "config: command line: ") {
			t.Error(err)
		}
		if a == "" || strings.Contains(a, "=") {
			return
		}
		m, err := config.New(config.CommandLine([]string{"--" + a + "=" + b}))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := m.Get(a); !ok || got != b {
			t.Errorf("Get(%q) is %q, %v; want %q", a, got, ok, b)
		}
	})
}
