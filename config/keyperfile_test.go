package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fxhost/fxhost/config"
)

func TestEachFileOfAFolderIsAKey(t *testing.T) { // CG-10
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"db__password": "hunter2\n", "name": "a\nb\r\n", "empty": "", "ignore.this": "x", "..data_tmp": "x", "lines": "a\n\n", "return": "a\r",
	} {
		writeFile(t, filepath.Join(dir, name), content)
	}
	mkdir(t, filepath.Join(dir, "folder"))
	writeFile(t, filepath.Join(mkdir(t, filepath.Join(dir, "..1")), "linked"), "5")
	link(t, "..1", filepath.Join(dir, "..data"))
	link(t, filepath.Join("..data", "linked"), filepath.Join(dir, "linked"))

	m := load(t, config.KeyPerFile(dir+string(filepath.Separator)))
	for key, want := range map[string]string{"Db:Password": "hunter2", "name": "a\nb", "empty": "", "linked": "5", "lines": "a\n", "return": "a\r"} {
		wantGet(t, m, key, want)
	}
	if got := m.Children(""); len(got) != 6 {
		t.Errorf("keys %q", got)
	}
	if got := m.Files(); !slices.Equal(got, []string{dir}) {
		t.Errorf("files %q", got)
	}
	// Whatever its key is, a value is a secret.
	if view := m.DebugView(); strings.Contains(view, "\"") || !strings.Contains(view, "name = *** ("+dir+")") {
		t.Errorf("shows\n%s", view)
	}
	var target struct{ Name int }
	wantError(t, m.Bind("", &target), "config: name: ***: want an integer ("+dir+")")
}

func TestAFolderOfKeysThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	_, err := config.New(config.KeyPerFile(missing))
	wantError(t, err, "config: "+missing+": no such file or directory")
	if m := load(t, config.OptionalKeyPerFile(missing)); len(m.Files()) != 0 {
		t.Errorf("files %q", m.Files())
	}

	m, err := config.New(config.OptionalKeyPerFile(""))
	if wantError(t, err, `config: a file per key: the name of the folder is empty; write "." for the working directory`); m != nil {
		t.Error("the working directory was read")
	}

	file := writeFile(t, filepath.Join(dir, "file"), "x")
	_, err = config.New(config.OptionalKeyPerFile(file))
	wantError(t, err, "config: "+file+": is not a folder; a folder with one file for each key is wanted")

	for content, want := range map[string]string{
		"\xff":                       `file "a": not a text in UTF-8`,
		strings.Repeat("x", 1<<20+1): `file "a": has 1048577 bytes; a file of settings may have 1048576 at most`,
	} {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "a"), content)
		_, err := config.New(config.KeyPerFile(folder))
		wantError(t, err, "config: "+folder+": "+want)
	}

	same := t.TempDir()
	writeFile(t, filepath.Join(same, "A"), "1")
	writeFile(t, filepath.Join(same, "a"), "2")
	if _, err := config.New(config.KeyPerFile(same)); err != nil { // a system may not tell the case apart
		wantError(t, err, "config: "+same+": A and a are the same key; keep one")
	}

	dangling := t.TempDir()
	link(t, "nowhere", filepath.Join(dangling, "a"))
	_, err = config.New(config.KeyPerFile(dangling))
	wantError(t, err, "config: "+dangling+`: file "a": no such file or directory`)
}

func TestAFolderOfKeysIsReloaded(t *testing.T) { // CG-10
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "A"), "1")
	w := watch(t, config.KeyPerFile(dir))
	writeFile(t, filepath.Join(dir, "A"), "2")
	w.becomes(t, "2")
	remove(t, filepath.Join(dir, "A"))
	w.becomes(t, "")
	writeFile(t, filepath.Join(dir, "a"), "3")
	w.becomes(t, "3")
}

// Kubernetes replaces all files of a mount at once; values of two versions must
// not come together.
func TestASwapIsSeenAsAWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	swap := func(version int) error {
		name := fmt.Sprintf("..%d", version)
		err := os.Mkdir(filepath.Join(folder, name), 0o700)
		for i := range 20 {
			err = errors.Join(err, os.WriteFile(filepath.Join(folder, name, fmt.Sprint("k", i)), []byte(name), 0o600))
		}
		return errors.Join(err,
			os.Symlink(name, filepath.Join(folder, "..tmp")),
			os.Rename(filepath.Join(folder, "..tmp"), filepath.Join(folder, "..data")),
			os.RemoveAll(filepath.Join(folder, fmt.Sprintf("..%d", version-1))))
	}
	for i := range 20 {
		link(t, fmt.Sprint("..data/k", i), filepath.Join(folder, fmt.Sprint("k", i)))
	}
	if err := swap(0); err != nil {
		t.Fatal(err)
	}

	done := make(chan struct{}) // closed when there have been enough loads
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for version := 1; ; version++ {
			select {
			case <-done:
				return
			default:
			}
			if err := swap(version); err != nil {
				t.Error(err)
				return
			}
		}
	})
	whole := 0
	for range 30 {
		values, err := config.KeyPerFile(folder).Load()
		switch {
		case err == nil:
			whole++
			for key, value := range values {
				if value != values["k0"] {
					t.Errorf("k0 is of %v, %s of %v", values["k0"], key, value)
				}
			}
		case !strings.Contains(err.Error(), "no such file") && !strings.Contains(err.Error(), "change all the time"):
			t.Error(err)
		}
	}
	close(done)
	swapper.Wait()
	t.Logf("%d of 30 loads had the folder as a whole", whole)
	if values, err := config.KeyPerFile(folder).Load(); err != nil || len(values) != 20 {
		t.Errorf("%v, %v", values, err)
	}
}
