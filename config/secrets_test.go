package config_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/usersecrets"
)

// ownHome gives the test a home folder of its own.
func ownHome(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, home)
	}
}

func TestSecretsAreSetReadAndRemoved(t *testing.T) { // CG-14
	ownHome(t)
	m := load(t, config.UserSecrets("my/app"))
	if len(m.Children("")) != 0 {
		t.Error("there are secrets already")
	}
	for _, s := range [][2]string{{"Db:Password", "1"}, {"Api", "a\"b"}, {"DB:PASSWORD", "2"}} {
		if err := usersecrets.Set("my/app", s[0], s[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
	wantGet(t, m, "Db:Password", "2")
	wantGet(t, m, "Api", `a"b`)
	if view := m.DebugView(); strings.Count(view, "***") != 2 {
		t.Errorf("shows\n%s", view)
	}
	if keys, err := usersecrets.List("my/app"); err != nil || !slices.Equal(keys, []string{"Api", "DB:PASSWORD"}) {
		t.Errorf("keys %q, %v", keys, err)
	}
	path, err := usersecrets.Path("my/app")
	if err != nil || !strings.HasSuffix(path, filepath.Join("fxhost", "my_app", "secrets.json")) {
		t.Errorf("path %q, %v", path, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := usersecrets.Remove("my/app", "api"); err != nil {
		t.Error(err)
	}
	wantError(t, usersecrets.Remove("my/app", "api"), `user secrets: there is no key "api"`)
	wantError(t, usersecrets.Set("my/app", "", "x"), `user secrets: "" is no key`)
	const notUTF8 = "user secrets: the key or its value is not a text in UTF-8"
	wantError(t, usersecrets.Set("my/app", "A", "\xff"), notUTF8)
	wantError(t, usersecrets.Set("my/app", "\xff", "x"), notUTF8)
	wantError(t, usersecrets.Set("my/app", "A", strings.Repeat("x", 4<<20)),
		"user secrets: the file would have more than 1048576 bytes")
	wantError(t, usersecrets.Set("..", "A", "x"), `user secrets: ".." is no name of an application`)
}

// A file that somebody wrote by hand keeps all it has, nested or not.
func TestASecretIsSetInAFileThatWasWrittenByHand(t *testing.T) {
	ownHome(t)
	path, err := usersecrets.Path("app")
	if err != nil {
		t.Fatal(err)
	}
	mkdir(t, filepath.Dir(path))
	writeFile(t, path, "{ // mine\n\"A\": {\"B\": 1.50, \"L\": [true, null], \"E\": [], \"S\": {}},\n}")
	if err := usersecrets.Set("app", "a:b", "2"); err != nil {
		t.Fatal(err)
	}
	m := load(t, config.UserSecrets("app"))
	wantGet(t, m, "A:B", "2")
	wantGet(t, m, "A:L:0", "true")
	for _, key := range []string{"A:E", "A:S"} {
		if !m.Exists(key) {
			t.Errorf("%s was lost", key)
		}
	}
}

func TestSecretsThatOthersMayReadAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes")
	}
	ownHome(t)
	if err := usersecrets.Set("app", "A", "hunter2"); err != nil {
		t.Fatal(err)
	}
	path, _ := usersecrets.Path("app")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	const want = "others may read it (mode 0640); run: chmod 600 "
	_, err := config.New(config.UserSecrets("app"))
	wantError(t, err, "config: "+path+": "+want+path)
	wantError(t, usersecrets.Set("app", "A", "x"), path+": "+want+path)
}

func TestWithoutAHomeThereAreNoSecrets(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, "")
	}
	if m := load(t, config.UserSecrets("app"), config.UserSecrets("")); m.HasFiles() {
		t.Errorf("files %q", m.Files())
	}
	if err := usersecrets.Set("app", "A", "1"); err == nil {
		t.Error("no error")
	}
}
