package config_test

import (
	"runtime"
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

func TestFlagsCanBeNegated(t *testing.T) {
	t.Parallel()
	m := load(t, config.CommandLine([]string{"--cache", "--no-color", "--no-proxy=localhost", "--No-Reload", "--no-cache"}))
	for key, want := range map[string]string{"color": "false", "no-proxy": "localhost", "Reload": "false", "cache": "false"} {
		wantGet(t, m, key, want)
	}
	_, err := config.New(config.CommandLine([]string{"--no-proxy", "localhost"}))
	wantError(t, err, "config: command line: --no-proxy means proxy=false and takes no value; "+
		"if you mean a key of that name, write --no-proxy=value")
}

func TestSwitchesAreOtherNamesOfKeys(t *testing.T) { // CG-9
	t.Parallel()
	switches := config.Switches(map[string]string{
		"-i": "Worker:Interval", "-v": "Verbose", "--every": "Worker:Interval", "--no-op": "Dry", "-n": "Number",
	})
	for line, want := range map[string]map[string]string{
		"-i 5s":            {"Worker:Interval": "5s"},
		"-I=6s":            {"Worker:Interval": "6s"},
		"--EVERY 7s":       {"Worker:Interval": "7s"},
		"-v -i 5s":         {"Verbose": "true", "Worker:Interval": "5s"},
		"--a -i=5s":        {"a": "true", "Worker:Interval": "5s"},
		"-n -5 -v":         {"Number": "-5", "Verbose": "true"},
		"--no-every":       {"Worker:Interval": "false"},
		"--no-op":          {"Dry": "true"},
		"-i 1s --every=2s": {"Worker:Interval": "2s"},
	} {
		m := load(t, config.CommandLine(strings.Fields(line), switches))
		for key, value := range want {
			wantGet(t, m, key, value)
		}
	}
	_, err := config.New(config.CommandLine([]string{"-x=hunter2"}, switches))
	wantError(t, err, `config: command line: "-x=..." is not one of the short switches; there are --every, --no-op, -i, -n, -v; `+
		"other settings are written with two dashes, --key=value")
	_, err = config.New(config.CommandLine([]string{"-hunter2"}, switches))
	wantError(t, err, `config: command line: "-h..." is not one of the short switches; `+
		"there are --every, --no-op, -i, -n, -v; other settings are written with two dashes, --key=value")
}

func TestABadSwitchIsAnError(t *testing.T) { // CG-9
	t.Parallel()
	for name, c := range map[string]struct {
		switches map[string]string
		want     string
	}{
		"name":  {map[string]string{"i": "A"}, `switch "i": a name begins with - or -- and has no =`},
		"empty": {map[string]string{"--": "A"}, `switch "--": a name begins with - or -- and has no =`},
		"key":   {map[string]string{"-i": ""}, `switch "-i" has no key`},
		"twice": {map[string]string{"-i": "A", "-I": "B"}, `switch "-i" is there twice, in another case`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.New(config.CommandLine(nil, config.Switches(c.switches)))
			wantError(t, err, "config: command line: "+c.want)
		})
	}
}

func TestOtherArgumentsAreErrors(t *testing.T) { // CG-6: .NET ignores them
	t.Parallel()
	for arg, shown := range map[string]string{"hunter2": "h...", "--": "--", "--=x": "--=...", "": "", "password=hunter2": "password=..."} {
		_, err := config.New(config.CommandLine([]string{"--ok=1", arg}))
		wantError(t, err, `config: command line: argument 2, "`+shown+`", is not a setting; write --key=value, --key value, --key or --no-key`)
	}
	for arg, shown := range map[string]string{"-v": "-v", "-password=hunter2": "-p..."} {
		_, err := config.New(config.CommandLine([]string{"--ok=1", arg}))
		wantError(t, err, `config: command line: "`+shown+`" is not one of the short switches; there are none; `+
			"other settings are written with two dashes, --key=value")
	}
}

// On Windows a slash stands for two dashes; elsewhere it begins a path (CG-5).
func TestSlashesAreSwitchesOnWindows(t *testing.T) {
	t.Parallel()
	m, err := config.New(config.CommandLine([]string{"/Worker:Interval=5s", "/i", "7", "/flag"},
		config.Switches(map[string]string{"-i": "Number"})))
	if runtime.GOOS != "windows" {
		wantError(t, err, `config: command line: argument 1, "/Worker:Interval=...", is not a setting; write --key=value, --key value, --key or --no-key`)
		return
	}
	wantGet(t, m, "Worker:Interval", "5s")
	wantGet(t, m, "Number", "7")
	wantGet(t, m, "flag", "true")
}

// Arguments load or are refused by name; what loads is the same again when it is
// written --key=value.
func FuzzCommandLine(f *testing.F) {
	f.Add("--a", "b", "--c=d")
	f.Add("--a:b=c", "--", "x")
	f.Add("-v", "--flag", "--=")
	f.Add("--::", "--:=", "--a:b:c")
	f.Add("--no-a", "--no-b=c", "-k=-k")
	f.Add("--no-", "-K", "--NO-a")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		switches := config.Switches(map[string]string{"-k": "Key", "--long": "Key"})
		m, err := config.New(config.CommandLine([]string{a, b, c}, switches))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "config: command line: ") {
				t.Error(err)
			}
			return
		}
		var again []string
		var add func(key string)
		add = func(key string) {
			if value, ok := m.Get(key); ok && !strings.Contains(key, "=") {
				again = append(again, "--"+key+"="+value)
			}
			for _, name := range m.Children(key) {
				if key != "" {
					name = key + ":" + name
				}
				if name != "" && name != key {
					add(name)
				}
			}
		}
		add("")
		other, err := config.New(config.CommandLine(again))
		if err != nil {
			t.Fatalf("%q: %v", again, err)
		}
		for _, arg := range again {
			key, value, _ := strings.Cut(arg[2:], "=")
			if got, ok := other.Get(key); !ok || got != value {
				t.Errorf("%q: Get(%q) is %q, %v; want %q", again, key, got, ok, value)
			}
		}
	})
}
